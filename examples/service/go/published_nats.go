//go:build nats

package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

func init() {
	fromStore = func(name string) *Published {
		return &Published{read: natsOf(os.Getenv("NATS_URL"), "crisp-"+name), websites: map[string]Website{}}
	}
}

// Watches the whole bucket, whose `version` comes after what belongs to it.
func natsOf(servers, name string) func(*Published) error {
	return func(held *Published) error {
		connection, err := nats.Connect(servers, nats.MaxReconnects(-1))
		if err != nil {
			return err
		}
		defer connection.Close()
		stream, err := connection.JetStream()
		if err != nil {
			return err
		}
		bucket, err := stream.KeyValue(name)
		if err != nil {
			return err
		}
		watch, err := bucket.WatchAll()
		if err != nil {
			return err
		}
		for entry := range watch.Updates() {
			if entry == nil { // what was there at the start has come
				continue
			}
			var value []byte
			if entry.Operation() == nats.KeyValuePut {
				value = entry.Value()
			}
			if id := strings.TrimPrefix(entry.Key(), "website."); id != entry.Key() {
				err = held.apply(id, value)
			} else if entry.Key() == "version" {
				var version uint64
				err = json.Unmarshal(value, &version)
				held.applied(version)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}
