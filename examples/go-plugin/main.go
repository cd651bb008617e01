// A small Crisp plugin, as its author would write it.
//
// It keeps the settings of every website that installed it in memory, asks Crisp every 20 seconds
// what changed, and serves the page on which people change their settings. What it would do with
// them (greet visitors with `message`) is left out.
package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/crisp-im/go-crisp-api/crisp/v3"
)

//go:embed config.html
var page []byte

const notValid = "This link is not valid. Open it from Crisp again."

// website is what the plugin holds of one.
type website struct {
	token    string
	settings map[string]interface{}
}

type plugin struct {
	client   *crisp.Client
	pluginID string
	poll     time.Duration

	mutex    sync.RWMutex
	websites map[string]website
	loaded   bool
}

/* -- The settings of all websites, kept in memory ---------------------------------------------- */

func (p *plugin) store(id, token *string, settings *interface{}) {
	if id == nil || token == nil {
		return
	}
	held := website{token: *token, settings: map[string]interface{}{}}
	if settings != nil {
		if object, ok := (*settings).(map[string]interface{}); ok {
			held.settings = object
		}
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.websites[*id] = held
}

func (p *plugin) remove(id *string) {
	if id == nil {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.websites, *id)
}

func (p *plugin) loadWebsites() error {
	for page := uint(1); ; page++ {
		found, _, err := p.client.Plugin.ListAllConnectWebsites(page, false, false)
		if err != nil {
			return err
		}
		if found == nil {
			// The client's way to say that the answer was none.
			return errors.New("an answer without data")
		}
		if len(*found) == 0 {
			return nil
		}
		for _, item := range *found {
			p.store(item.WebsiteID, item.Token, item.Settings)
		}
	}
}

func (p *plugin) refreshWebsites(since time.Time) error {
	changes, _, err := p.client.Plugin.ListConnectWebsitesSince(since, false, false)
	if err != nil {
		return err
	}
	if changes == nil {
		return errors.New("an answer without data")
	}
	for _, change := range *changes {
		if change.Difference != nil && *change.Difference == "removed" {
			p.remove(change.WebsiteID)
		} else {
			p.store(change.WebsiteID, change.Token, change.Settings)
		}
	}
	return nil
}

func (p *plugin) maintainWebsites() {
	for {
		err := p.loadWebsites()
		if err == nil {
			break
		}
		log.Printf("could not load the websites, trying again: %v", err)
		time.Sleep(p.poll)
	}
	p.mutex.Lock()
	p.loaded = true
	fmt.Printf("loaded %d websites\n", len(p.websites))
	p.mutex.Unlock()

	lastCheck := time.Now()
	for {
		time.Sleep(p.poll)
		if err := p.refreshWebsites(lastCheck); err != nil {
			// The date stays, so that the next round asks for what this one missed.
			log.Printf("could not refresh the websites: %v", err)
			continue
		}
		lastCheck = time.Now()
	}
}

/* -- The settings page ------------------------------------------------------------------------- */

// isAllowed says whether a request has the token, which only Crisp and the website's own people know.
func (p *plugin) isAllowed(id, token string) bool {
	p.mutex.RLock()
	defer p.mutex.RUnlock()
	held, known := p.websites[id]
	return known && token != "" && held.token == token
}

func (p *plugin) show(w http.ResponseWriter, r *http.Request) {
	id, token := r.URL.Query().Get("website_id"), r.URL.Query().Get("token")
	if !p.isAllowed(id, token) {
		refuse(w, http.StatusForbidden, notValid)
		return
	}
	p.mutex.RLock()
	held := p.websites[id].settings
	p.mutex.RUnlock()
	answer(w, http.StatusOK, held)
}

func (p *plugin) save(w http.ResponseWriter, r *http.Request) {
	var body struct {
		WebsiteID string                 `json:"website_id"`
		Token     string                 `json:"token"`
		Settings  map[string]interface{} `json:"settings"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if !p.isAllowed(body.WebsiteID, body.Token) {
		refuse(w, http.StatusForbidden, notValid)
		return
	}
	_, err := p.client.Plugin.UpdateSubscriptionSettings(body.WebsiteID, p.pluginID, body.Settings)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	p.merge(body.WebsiteID, body.Settings)
	answer(w, http.StatusOK, map[string]interface{}{})
}

// merge takes in what was just saved: no need to wait for the next round.
func (p *plugin) merge(id string, saved map[string]interface{}) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	held, known := p.websites[id]
	if !known {
		return
	}
	merged := make(map[string]interface{}, len(held.settings)+len(saved))
	for key, value := range held.settings {
		merged[key] = value
	}
	for key, value := range saved {
		merged[key] = value
	}
	held.settings = merged
	p.websites[id] = held
}

// cache shows what the plugin holds, for tests: only while it talks to an emulator.
func (p *plugin) cache(w http.ResponseWriter, _ *http.Request) {
	p.mutex.RLock()
	loaded, held := p.loaded, make(map[string]interface{}, len(p.websites))
	for id, website := range p.websites {
		held[id] = website.settings
	}
	p.mutex.RUnlock()
	if !loaded {
		refuse(w, http.StatusServiceUnavailable, "still loading")
		return
	}
	answer(w, http.StatusOK, held)
}

func (p *plugin) routes(emulated bool) *http.ServeMux {
	routes := http.NewServeMux()
	routes.HandleFunc("/config.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	})
	routes.HandleFunc("/settings", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			p.save(w, r)
		} else {
			p.show(w, r)
		}
	})
	if emulated {
		routes.HandleFunc("/_cache", p.cache)
	}
	return routes
}

func answer(w http.ResponseWriter, status int, content interface{}) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(content)
}

func refuse(w http.ResponseWriter, status int, why string) {
	answer(w, status, map[string]string{"error": why})
}

/* ---------------------------------------------------------------------------------------------- */

// setting reads a number from the environment.
func setting(name string, otherwise int) int {
	number, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return otherwise
	}
	return number
}

func main() {
	// The emulator, in place of Crisp. This client takes the whole base, with its slash at the end.
	restURL := os.Getenv("CRISP_REST_URL")
	client := crisp.NewWithConfig(crisp.ClientConfig{RestEndpointURL: restURL})
	client.AuthenticateTier("plugin", os.Getenv("CRISP_IDENTIFIER"), os.Getenv("CRISP_KEY"))

	p := &plugin{
		client:   client,
		pluginID: os.Getenv("CRISP_PLUGIN_ID"),
		poll:     time.Duration(setting("CRISP_POLL_MS", 20000)) * time.Millisecond,
		websites: map[string]website{},
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", setting("PORT", 3000)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("settings page on http://%s/config.html\n", listener.Addr())
	go p.maintainWebsites()
	log.Fatal(http.Serve(listener, p.routes(restURL != "")))
}
