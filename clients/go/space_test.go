package crispmocktest

import (
	"net/http"
	"strings"
	"testing"
)

// list asks for a page of websites as a plugin does, and gives the status.
func list(t *testing.T, space *Space) int {
	t.Helper()
	request, err := http.NewRequest("GET", space.RestURL+"plugin/connect/websites/all/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(space.Identifier, space.Key)
	request.Header.Set("X-Crisp-Tier", "plugin")
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestWebsitesComeAndGoInASpaceOfTheTest(t *testing.T) {
	t.Parallel()
	crisp := NewSpace(t, Options{"websites": 3, "clock": "manual"})
	crisp.Save("w2", Options{"message": "Bonjour"})
	crisp.Uninstall("w1")
	if name := crisp.Install("").Name; name != "w4" {
		t.Errorf("a new website is called %s", name)
	}
	found := false
	for _, website := range crisp.Websites() {
		found = found || website.Settings["message"] == "Bonjour"
	}
	if !found || len(crisp.Websites()) != 3 {
		t.Errorf("what was saved is not there: %v", crisp.Websites())
	}
	crisp.Advance("20s")
	crisp.Emit("message:send", "w2", Options{"content": "Hi"})
}

func TestAFaultIsMetAndWaitedFor(t *testing.T) {
	t.Parallel()
	crisp := NewSpace(t, Options{"websites": 3})
	crisp.Fault("list#1", Options{"status": 503})
	if status := list(t, crisp); status != 503 {
		t.Errorf("the fault did not meet the request: %d", status)
	}
	if requests := crisp.Requests("list", "5s"); len(requests) != 1 || requests[0].Status != 503 {
		t.Errorf("the journal has %v", requests)
	}
	crisp.ExpectNoUnfired()
	if journal := crisp.journal(); !strings.Contains(journal, `fault {"at":"list#1","status":503}`) {
		t.Error(journal)
	}
}

func TestARefusalSaysWhatWouldFit(t *testing.T) {
	t.Parallel()
	crisp := NewSpace(t, nil)
	err := call("POST", crisp.ControlURL+"/clock", Options{"advance": "long"}, nil)
	if err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("it was taken: %v", err)
	}
}
