package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const pause = 100 * time.Millisecond

// A Website as crisp-sync tells it.
type Website struct {
	ID       string          `json:"id"`
	Token    string          `json:"token"`
	Settings json.RawMessage `json:"settings"`
}

// Settings of all websites, as crisp-sync tells them.
type Settings struct {
	url, token string

	mutex    sync.RWMutex
	websites map[string]Website
	event    string // that was applied last
	loaded   bool
	coming   map[string]Website // a set that has not come whole
}

// NewSettings has settings from the service at this address.
func NewSettings(url, token string) *Settings {
	return &Settings{url: url, token: token, websites: map[string]Website{}}
}

// Get is the website, if it has the plugin.
func (s *Settings) Get(id string) (Website, bool) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	website, found := s.websites[id]
	return website, found
}

// Held is the event that was applied last and all websites; false while they load.
func (s *Settings) Held() (map[string]any, bool) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return map[string]any{"event": s.event, "websites": copied(s.websites)}, s.loaded
}

func copied(websites map[string]Website) map[string]Website {
	all := make(map[string]Website, len(websites))
	for id, website := range websites {
		all[id] = website
	}
	return all
}

// Follow follows the changes for ever.
func (s *Settings) Follow() {
	for {
		// The service is not there, or has ended: what is held stays.
		_ = s.stream()
		s.coming = nil
		time.Sleep(pause)
	}
}

func (s *Settings) request(method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	if path == "/changes" && s.event != "" {
		request.Header.Set("Last-Event-ID", s.event)
	}
	return http.DefaultClient.Do(request)
}

func (s *Settings) stream() error {
	answer, err := s.request("GET", "/changes", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", answer.Status)
	}
	fields := map[string]string{}
	lines := bufio.NewReader(answer.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			name, value, _ := strings.Cut(line, ": ")
			fields[name] = value
			continue
		}
		if err := s.apply(fields); err != nil {
			return err
		}
		fields = map[string]string{}
	}
}

func (s *Settings) apply(fields map[string]string) error {
	var website Website
	if data, found := fields["data"]; found {
		if err := json.Unmarshal([]byte(data), &website); err != nil {
			return err
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch fields["event"] {
	case "reset":
		s.coming = map[string]Website{}
	case "website":
		if s.coming != nil {
			s.coming[website.ID] = website
		} else {
			s.websites[website.ID] = website
		}
	case "removed":
		delete(s.websites, website.ID)
	case "complete":
		s.websites, s.coming, s.loaded = s.coming, nil, true
	}
	if id, found := fields["id"]; found {
		s.event = id
	}
	return nil
}

// Saved is how a save ended: done, refused or unknown.
type Saved struct {
	Outcome string `json:"outcome"`
	Message string `json:"message,omitempty"`
}

// Save puts these members over a website's settings.
func (s *Settings) Save(id string, settings json.RawMessage) (Saved, error) {
	answer, err := s.request("PATCH", "/websites/"+id+"/settings", settings)
	if err != nil {
		return Saved{}, err
	}
	defer answer.Body.Close()
	saved := Saved{Outcome: "refused"}
	err = json.NewDecoder(answer.Body).Decode(&saved)
	return saved, err
}
