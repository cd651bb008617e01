package crispmocktest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// Options are members of a body of the control API, such as {"websites": 3, "clock": "manual"} for a space.
type Options map[string]any

// Info is what is known of a space.
type Info struct {
	// For RestEndpointURL of Crisp's Go client.
	RestURL    string `json:"rest_url"`
	URL        string `json:"url"`
	RTMURL     string `json:"rtm_url"`
	ControlURL string `json:"control_url"`
	Identifier string `json:"identifier"`
	Key        string `json:"key"`
	PluginID   string `json:"plugin_id"`
	HookSecret string `json:"hook_secret"`
	PID        int    `json:"pid"`
}

// Website is a website that has the plugin.
type Website struct {
	WebsiteID string         `json:"website_id"`
	Name      string         `json:"name"`
	Settings  map[string]any `json:"settings"`
}

// Entry is a request of the journal.
type Entry struct {
	Seq         int    `json:"seq"`
	Operation   string `json:"operation"`
	Occurrence  int    `json:"occurrence"`
	Method      string `json:"method"`
	Path        string `json:"path"`
	Query       string `json:"query"`
	Status      int    `json:"status"`
	Outcome     string `json:"outcome"`
	Explanation string `json:"explanation"`
	Faults      []struct {
		Fault json.RawMessage `json:"fault"`
	} `json:"faults"`
}

// Space is a world of its own in the server. Its calls end the test when they fail.
type Space struct {
	Info
	t testing.TB
}

// NewSpace makes a space that is gone when the test is over, in the server around the tests or in one that
// is started for them.
func NewSpace(t testing.TB, options Options) *Space {
	t.Helper()
	root, err := server()
	if err != nil {
		t.Fatalf("crisp-mock: %v", err)
	}
	made := &Space{t: t}
	if options == nil {
		options = Options{}
	}
	if err := call("POST", root+"/spaces", options, &made.Info); err != nil {
		t.Fatalf("crisp-mock: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(made.journal())
		}
		_ = call("DELETE", made.ControlURL, nil, nil)
	})
	return made
}

// Control calls the control API, as Control("PUT", "/quota", Options{"limit": 100}, nil); the answer is
// read into the last argument, if it is not nil.
func (s *Space) Control(method, path string, body, into any) {
	s.t.Helper()
	if err := call(method, s.ControlURL+path, body, into); err != nil {
		s.t.Fatalf("crisp-mock: %v", err)
	}
}

// Websites are those that have the plugin, by their ids.
func (s *Space) Websites() map[string]Website {
	s.t.Helper()
	var answer struct {
		Websites map[string]Website `json:"websites"`
	}
	s.Control("GET", "/websites", nil, &answer)
	return answer.Websites
}

// Save is an operator who saves settings of a website, such as w1.
func (s *Space) Save(website string, settings Options) {
	s.t.Helper()
	s.Control("PUT", "/websites/"+url.PathEscape(website)+"/settings", settings, nil)
}

// Install is a website that installs the plugin: the one named, or a new one for "".
func (s *Space) Install(website string) Website {
	s.t.Helper()
	body := Options{}
	if website != "" {
		body["website_id"] = website
	}
	var installed Website
	s.Control("POST", "/websites", body, &installed)
	return installed
}

// Uninstall is a website that uninstalls the plugin.
func (s *Space) Uninstall(website string) {
	s.t.Helper()
	s.Control("DELETE", "/websites/"+url.PathEscape(website), nil, nil)
}

// Fault arms a fault: Fault("since#2", Options{"status": 503}).
func (s *Space) Fault(at string, effect Options) {
	s.t.Helper()
	fault := Options{"at": at}
	for name, value := range effect {
		fault[name] = value
	}
	s.Control("POST", "/faults", fault, nil)
}

// Advance moves the clock by a duration such as 20s.
func (s *Space) Advance(by string) {
	s.t.Helper()
	s.Control("POST", "/clock", Options{"advance": by}, nil)
}

// Emit is something that happens at Crisp and that the plugin is told of, such as message:send.
func (s *Space) Emit(event, website string, data Options) {
	s.t.Helper()
	s.Control("POST", "/events", Options{"event": event, "website_id": website, "data": data}, nil)
}

// Requests are those of an operation, or all for "". With a wait such as 5s it waits until one comes.
func (s *Space) Requests(operation, wait string) []Entry {
	s.t.Helper()
	query := url.Values{}
	if operation != "" {
		query.Set("operation", operation)
	}
	if wait != "" {
		query.Set("wait", wait)
	}
	var answer struct {
		Requests []Entry `json:"requests"`
	}
	s.Control("GET", "/requests?"+query.Encode(), nil, &answer)
	return answer.Requests
}

// ExpectNoUnfired fails the test when an armed fault met no request: it did not try what it is about.
func (s *Space) ExpectNoUnfired() {
	s.t.Helper()
	var answer struct {
		Faults []struct {
			Fault      json.RawMessage `json:"fault"`
			NeverFired bool            `json:"never_fired"`
		} `json:"faults"`
	}
	s.Control("GET", "/faults", nil, &answer)
	for _, fault := range answer.Faults {
		if fault.NeverFired {
			s.t.Errorf("crisp-mock: armed, but met by no request: %s", fault.Fault)
		}
	}
}

// journal has the newest requests as text, as many as `crisp-mock exec` shows.
func (s *Space) journal() string {
	var answer struct {
		Requests []Entry `json:"requests"`
		Total    int     `json:"total"`
	}
	if err := call("GET", s.ControlURL+"/requests?limit=20", nil, &answer); err != nil {
		return fmt.Sprintf("crisp-mock: there is no journal: %v", err)
	}
	lines := []string{fmt.Sprintf("crisp-mock: the last %d of %d requests", len(answer.Requests), answer.Total)}
	for _, entry := range answer.Requests {
		line := fmt.Sprintf("  %d %s  %s %s?%s  %s#%d", entry.Status, entry.Outcome, entry.Method, entry.Path,
			entry.Query, entry.Operation, entry.Occurrence)
		for _, fired := range entry.Faults {
			line += fmt.Sprintf("  fault %s", fired.Fault)
		}
		lines = append(lines, strings.TrimSpace(line+"  "+entry.Explanation))
	}
	return strings.Join(lines, "\n")
}
