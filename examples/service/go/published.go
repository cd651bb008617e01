package main

import (
	"encoding/json"
	"sync"
	"time"
)

// Published settings of all websites, from the Redis or NATS that `crisp-sync serve --store` fills.
type Published struct {
	// Reads and follows the store until something fails.
	read func(*Published) error

	mutex    sync.RWMutex
	websites map[string]Website
	version  uint64 // of the last batch that was applied; 0: none
}

// fromStore is there when it is built with the tag `redis` or `nats`: the settings from the store at the
// address in the environment.
var fromStore func(name string) *Published

// Get is the website, if it has the plugin.
func (p *Published) Get(id string) (Website, bool) {
	p.mutex.RLock()
	defer p.mutex.RUnlock()
	website, found := p.websites[id]
	return website, found
}

// Held is the version that was applied last and all websites; false while they load.
func (p *Published) Held() (map[string]any, bool) {
	p.mutex.RLock()
	defer p.mutex.RUnlock()
	return map[string]any{"version": p.version, "websites": copied(p.websites)}, p.version > 0
}

// Follow follows the changes for ever.
func (p *Published) Follow() {
	for {
		// The store is away, or nothing was published yet: what is held stays.
		_ = p.read(p)
		time.Sleep(pause)
	}
}

// Applies what the store has of a website; empty: nothing.
func (p *Published) apply(id string, value []byte) error {
	website := Website{ID: id}
	if len(value) > 0 {
		if err := json.Unmarshal(value, &website); err != nil {
			return err
		}
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if website.Settings == nil {
		delete(p.websites, id)
	} else {
		p.websites[id] = website
	}
	return nil
}

func (p *Published) applied(version uint64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.version = version
}
