//go:build redis

package main

import (
	"fmt"
	"os"
	"time"

	"github.com/gomodule/redigo/redis"
)

func init() {
	fromStore = func(name string) *Published {
		return &Published{read: redisOf(os.Getenv("REDIS_URL"), "crisp:"+name), websites: map[string]Website{}}
	}
}

// Asks for what changed, whenever a message comes and once a minute.
func redisOf(url, prefix string) func(*Published) error {
	return func(held *Published) error {
		store, err := redis.DialURL(url)
		if err != nil {
			return err
		}
		defer store.Close()
		subscription, err := redis.DialURL(url)
		if err != nil {
			return err
		}
		defer subscription.Close()
		listener := redis.PubSubConn{Conn: subscription}
		if err := listener.Subscribe(prefix + ":changes"); err != nil {
			return err
		}
		for {
			// The first message says that it is subscribed.
			if err, failed := listener.ReceiveWithTimeout(time.Minute).(error); failed {
				return err
			}
			if err := catchUp(store, prefix, held); err != nil {
				return err
			}
		}
	}
}

func catchUp(store redis.Conn, prefix string, held *Published) error {
	// Read before the rest: what is published meanwhile is asked for again.
	version, err := redis.Uint64(store.Do("GET", prefix+":version"))
	if err != nil {
		return err
	}
	changed, err := redis.Strings(store.Do("ZRANGE", prefix+":websites", fmt.Sprintf("(%d", held.version), "+inf", "BYSCORE"))
	if err != nil {
		return err
	}
	for _, id := range changed {
		value, err := redis.Bytes(store.Do("GET", prefix+":website:"+id))
		if err != nil && err != redis.ErrNil {
			return err
		}
		if err := held.apply(id, value); err != nil {
			return err
		}
	}
	held.applied(version)
	return nil
}
