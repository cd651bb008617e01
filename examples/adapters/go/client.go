// Package crispmock lets crisp-mock judge a plugin: it speaks the client protocol, version 1,
// around the plugin's cache. Copy it next to your plugin; it needs Go 1.21 and no modules.
package crispmock

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// Website is what the plugin holds for a website.
type Website struct {
	Settings any    `json:"settings"`
	Token    string `json:"token,omitempty"`
}

// Reading is what the cache holds: websites by id, complete once Ready.
type Reading struct {
	Ready    bool
	Websites map[string]Website
}

// Place says where the emulator is; the environment says so, too, and more.
type Place struct {
	RestURL    string `json:"rest_url"`
	Identifier string `json:"identifier"`
	Key        string `json:"key"`
	PollMS     int64  `json:"poll_ms"`
}

// ErrRefused is what Save returns when surely nothing was saved; after other errors the outcome is unknown.
var ErrRefused = errors.New("refused")

// Options are what the plugin can do besides being read. What is nil is not judged.
type Options struct {
	Name, Version string
	Start         func(Place)                                                 // begins to load, in the background
	Save          func(id string, settings json.RawMessage, how string) error // how: put, patch
	Reset         func()                                                      // forgets everything, polls no more
	Tokens        bool                                                        // whether websites carry tokens
	View          any                                                         // keys, unconfigured, defaults, value
	TimeoutMS     int64
}

type message struct {
	ID       json.Number     `json:"id"`
	Op       string          `json:"op"`
	Website  string          `json:"website_id"`
	Settings json.RawMessage `json:"settings"`
	How      string          `json:"how"`
	Place
}

// Judged answers on stdout what is asked on stdin, until that ends.
func Judged(read func() Reading, options Options) {
	var writing sync.Mutex
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return // the harness has ended
		}
		var ask message
		if json.Unmarshal(line, &ask) != nil {
			continue
		}
		answer := func() {
			reply, _ := json.Marshal(options.answer(read, ask))
			writing.Lock()
			defer writing.Unlock()
			fmt.Printf("%s\n", reply)
		}
		if ask.Op == "save" {
			go answer() // reads do not wait for it
		} else if answer(); ask.Op == "stop" {
			return
		}
	}
}

func (o Options) answer(read func() Reading, ask message) map[string]any {
	reply := map[string]any{"id": ask.ID, "ok": true}
	switch {
	case ask.Op == "hello":
		can := []string{}
		for name, able := range map[string]bool{"save": o.Save != nil, "reset": o.Reset != nil, "tokens": o.Tokens} {
			if able {
				can = append(can, name)
			}
		}
		reply["name"], reply["version"], reply["capabilities"], reply["view"] = o.Name, o.Version, can, o.View
		if o.TimeoutMS > 0 {
			reply["timeout_ms"] = o.TimeoutMS
		}
	case ask.Op == "start":
		if o.Start != nil {
			go o.Start(ask.Place)
		}
	case ask.Op == "read":
		reading := read()
		reply["ready"], reply["websites"] = reading.Ready, reading.Websites
	case ask.Op == "save" && o.Save != nil:
		reply["outcome"] = "done"
		if err := o.Save(ask.Website, ask.Settings, ask.How); errors.Is(err, ErrRefused) {
			reply["outcome"] = "refused"
		} else if err != nil {
			reply["outcome"] = "unknown"
		}
	case ask.Op == "reset" && o.Reset != nil:
		o.Reset()
	case ask.Op == "stop":
	default:
		return map[string]any{"id": ask.ID, "ok": false, "error": "this client cannot " + ask.Op}
	}
	return reply
}
