//go:build ignore

// The settings of all websites, from the NATS that `crisp-sync serve --store` fills.
// go get github.com/nats-io/nats.go
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	connection := must(nats.Connect(os.Getenv("NATS_URL"), nats.MaxReconnects(-1)))
	bucket := must(must(connection.JetStream()).KeyValue("crisp-" + os.Getenv("CRISP_STORE_NAME")))
	settings := map[string]json.RawMessage{}

	for entry := range must(bucket.Watch("website.*")).Updates() {
		if entry == nil { // what was there at the start has come
			continue
		}
		var website struct{ Settings json.RawMessage }
		if entry.Operation() == nats.KeyValuePut {
			must(0, json.Unmarshal(entry.Value(), &website))
		}
		id := strings.TrimPrefix(entry.Key(), "website.")
		if website.Settings == nil {
			delete(settings, id)
		} else {
			settings[id] = website.Settings
		}
		fmt.Println(id, string(must(json.Marshal(settings[id]))))
	}
}
