//go:build ignore

// The settings of all websites, from the Redis that `crisp-sync serve --store` fills.
// go get github.com/gomodule/redigo
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/gomodule/redigo/redis"
)

func must[T any](value T, err error) T {
	if err != nil && err != redis.ErrNil {
		log.Fatal(err)
	}
	return value
}

func main() {
	prefix := "crisp:" + os.Getenv("CRISP_STORE_NAME")
	store := must(redis.DialURL(os.Getenv("REDIS_URL")))
	listener := redis.PubSubConn{Conn: must(redis.DialURL(os.Getenv("REDIS_URL")))}
	must(0, listener.Subscribe(prefix+":changes"))
	settings, version := map[string]json.RawMessage{}, "0"

	for {
		if err, failed := listener.Receive().(error); failed {
			log.Fatal(err)
		}
		// Read before the rest: what is published meanwhile is asked for again.
		published := must(redis.String(store.Do("GET", prefix+":version")))
		for _, id := range must(redis.Strings(store.Do("ZRANGE", prefix+":websites", "("+version, "+inf", "BYSCORE"))) {
			var website struct{ Settings json.RawMessage }
			value := must(redis.Bytes(store.Do("GET", prefix+":website:"+id)))
			if len(value) > 0 {
				must(0, json.Unmarshal(value, &website))
			}
			if website.Settings == nil {
				delete(settings, id)
			} else {
				settings[id] = website.Settings
			}
			fmt.Println(id, string(must(json.Marshal(settings[id]))))
		}
		if published != "" {
			version = published
		}
	}
}
