// A small Crisp plugin that listens, with Go's standard library alone.
//
// It keeps the settings of every website that installed it in memory. An event of the RTM API is a hint
// to ask at once and never data: it may be late, lost, doubled or out of order. What happened while no
// socket was bound is asked for as soon as one is, and every ten minutes besides.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"
)

//go:embed config.html
var page []byte

const (
	notValid = "This link is not valid. Open it from Crisp again."
	// So far back each differential looks: what is not visible yet, and clocks that are not exact.
	overlap = 2 * time.Minute
	// A list of everything, however calm it is.
	relist = time.Hour
)

var errTooOld = errors.New("the differential does not reach so far back")

// website is what the plugin holds of one, and what the API says of it.
type website struct {
	ID         string                 `json:"website_id"`
	Token      string                 `json:"token"`
	Settings   map[string]interface{} `json:"settings"`
	Difference string                 `json:"difference,omitempty"`
}

type plugin struct {
	client          http.Client
	base            string
	identifier, key string
	pluginID        string
	poll            time.Duration
	hints           chan struct{} // something may be new

	mutex    sync.RWMutex
	websites map[string]website // none before everything is loaded
	socket   *socket
}

/* -- The API ------------------------------------------------------------------------------------ */

// ask sends a request; it gives Crisp's own time of the answer, which `since` is counted from.
func (p *plugin) ask(method, path string, body, data interface{}) (time.Time, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return time.Time{}, err
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(sent)
	}
	request, err := http.NewRequest(method, p.base+path, reader)
	if err != nil {
		return time.Time{}, err
	}
	request.SetBasicAuth(p.identifier, p.key)
	request.Header.Set("X-Crisp-Tier", "plugin")
	request.Header.Set("Content-Type", "application/json")
	asked := time.Now()
	answer, err := p.client.Do(request)
	if err != nil {
		return time.Time{}, err
	}
	defer answer.Body.Close()
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && answer.StatusCode >= 400 {
		time.Sleep(time.Duration(seconds) * time.Second)
	}
	if answer.StatusCode == http.StatusBadRequest && method == http.MethodGet {
		return time.Time{}, errTooOld
	}
	var envelope struct {
		Error  bool
		Reason string
		Data   json.RawMessage
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 64<<20)).Decode(&envelope); err != nil {
		return time.Time{}, err
	}
	if envelope.Error || answer.StatusCode >= 300 || answer.Header.Get("Bloom-Status") == "HIT" {
		return time.Time{}, fmt.Errorf("%s %s: %s (%s)", method, path, answer.Status, envelope.Reason)
	}
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		date = asked
	}
	if data == nil {
		return date, nil
	}
	return date, json.Unmarshal(envelope.Data, data)
}

// load lists every website.
func (p *plugin) load() (map[string]website, time.Time, error) {
	found := map[string]website{}
	var first time.Time
	for number := 1; ; number++ {
		var items []website
		date, err := p.ask(http.MethodGet, fmt.Sprintf("plugin/connect/websites/all/%d?filter_configured=0", number), nil, &items)
		if err != nil {
			return nil, first, err
		}
		if number == 1 {
			first = date
		}
		if len(items) == 0 {
			return found, first, nil
		}
		for _, item := range items {
			found[item.ID] = item
		}
	}
}

// refresh puts into a copy what changed since a date, and says whether a website came.
func (p *plugin) refresh(copied map[string]website, since time.Time) (time.Time, bool, error) {
	var changes []website
	date := url.QueryEscape(since.Add(-overlap).UTC().Format("2006-01-02T15:04:05.000Z"))
	next, err := p.ask(http.MethodGet, "plugin/connect/websites/since?filter_configured=0&date_since="+date, nil, &changes)
	if err != nil {
		return next, false, err
	}
	came := false
	for _, change := range changes {
		_, known := copied[change.ID]
		if change.Difference == "removed" {
			delete(copied, change.ID)
			continue
		}
		came = came || !known
		copied[change.ID] = change
	}
	return next, came, nil
}

/* -- The settings of all websites, kept in memory ---------------------------------------------- */

func (p *plugin) hint() {
	select {
	case p.hints <- struct{}{}:
	default: // one is enough
	}
}

func (p *plugin) keepInStep() {
	var since, listed time.Time
	for failures := 0; ; {
		err := p.step(&since, &listed)
		if err != nil {
			log.Print(err)
			if failures < 6 {
				failures++
			}
			time.Sleep(time.Second << failures)
			continue
		}
		failures = 0
		select {
		case <-p.hints:
		case <-time.After(p.poll):
		}
	}
}

func (p *plugin) step(since, listed *time.Time) error {
	copied, from, began := map[string]website{}, *since, time.Now()
	isListed := since.IsZero() || time.Since(*listed) > relist
	if isListed {
		all, date, err := p.load()
		if err != nil {
			return err
		}
		// What changed while it was listed is in the differential from its beginning.
		copied, from = all, date
	} else {
		p.mutex.RLock()
		for id, held := range p.websites {
			copied[id] = held
		}
		p.mutex.RUnlock()
	}
	next, came, err := p.refresh(copied, from)
	if errors.Is(err, errTooOld) {
		*since = time.Time{}
	}
	if err != nil {
		return err
	}
	*since = next
	p.mutex.Lock()
	isFirst, socket := p.websites == nil, p.socket
	p.websites = copied
	p.mutex.Unlock()
	if isListed {
		*listed = began
	}
	if isFirst {
		fmt.Printf("loaded %d websites\n", len(copied))
		go p.listen()
	}
	if came && socket != nil {
		// A socket hears of the websites that there were when it was bound.
		if socket.emit("socket:bind", map[string]string{}) == nil {
			p.hint()
		}
	}
	return nil
}

/* -- The socket --------------------------------------------------------------------------------- */

func (p *plugin) listen() {
	for {
		if err := p.listenOnce(); err != nil {
			log.Printf("the socket ended: %v", err)
		}
		time.Sleep(10 * time.Second)
	}
}

func (p *plugin) listenOnce() error {
	var endpoints struct{ Socket struct{ App string } }
	if _, err := p.ask(http.MethodGet, "plugin/connect/endpoints", nil, &endpoints); err != nil {
		return err
	}
	opened, err := dial(endpoints.Socket.App)
	if err != nil {
		return err
	}
	defer opened.conn.Close()
	p.bind(opened)
	defer p.bind(nil)
	for {
		name, _, err := opened.next()
		if err != nil {
			return err
		}
		if name == "connect" {
			err = opened.emit("authentication", map[string]interface{}{
				"username": p.identifier, "password": p.key, "tier": "plugin",
				"events": []string{"plugin:settings:saved", "plugin:subscription:updated"},
			})
			if err != nil {
				return err
			}
			continue
		}
		// Bound, or something happened: both are to be asked about.
		p.hint()
	}
}

func (p *plugin) bind(opened *socket) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.socket = opened
}

/* -- The settings page ------------------------------------------------------------------------- */

// isAllowed says whether a request has the token, which only Crisp and the website's own people know.
func (p *plugin) isAllowed(id, token string) bool {
	p.mutex.RLock()
	defer p.mutex.RUnlock()
	held, known := p.websites[id]
	return known && token != "" && held.Token == token
}

func (p *plugin) settings(w http.ResponseWriter, r *http.Request) {
	var body website
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&body); err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
	} else {
		body.ID, body.Token = r.URL.Query().Get("website_id"), r.URL.Query().Get("token")
	}
	if !p.isAllowed(body.ID, body.Token) {
		answer(w, http.StatusForbidden, map[string]string{"error": notValid})
		return
	}
	if r.Method != http.MethodPost {
		p.mutex.RLock()
		defer p.mutex.RUnlock()
		answer(w, http.StatusOK, p.websites[body.ID].Settings)
		return
	}
	path := fmt.Sprintf("plugins/subscription/%s/%s/settings", url.PathEscape(body.ID), p.pluginID)
	if _, err := p.ask(http.MethodPatch, path, body.Settings, nil); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	p.hint()
	answer(w, http.StatusOK, map[string]string{})
}

// cache shows what the plugin holds, for tests.
func (p *plugin) cache(w http.ResponseWriter, _ *http.Request) {
	p.mutex.RLock()
	defer p.mutex.RUnlock()
	if p.websites == nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"error": "still loading"})
		return
	}
	held := map[string]interface{}{}
	for id, website := range p.websites {
		held[id] = website.Settings
	}
	answer(w, http.StatusOK, held)
}

func answer(w http.ResponseWriter, status int, content interface{}) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(content)
}

/* ---------------------------------------------------------------------------------------------- */

func main() {
	number := func(name string, otherwise int) int {
		if number, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return number
		}
		return otherwise
	}
	base := os.Getenv("CRISP_REST_URL") // the emulator, in place of Crisp
	emulated := base != ""
	if !emulated {
		base = "https://api.crisp.chat/v1/"
	}
	p := &plugin{
		client:     http.Client{Timeout: 10 * time.Second},
		base:       base,
		identifier: os.Getenv("CRISP_IDENTIFIER"),
		key:        os.Getenv("CRISP_KEY"),
		pluginID:   os.Getenv("CRISP_PLUGIN_ID"),
		poll:       time.Duration(number("CRISP_POLL_MS", 600000)) * time.Millisecond,
		hints:      make(chan struct{}, 1),
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", number("PORT", 3000)))
	if err != nil {
		log.Fatal(err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/config.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	})
	routes.HandleFunc("/settings", p.settings)
	if emulated {
		routes.HandleFunc("/_cache", p.cache)
	}
	fmt.Printf("settings page on http://%s/config.html\n", listener.Addr())
	go p.keepInStep()
	log.Fatal(http.Serve(listener, routes))
}
