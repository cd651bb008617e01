package crispmocktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// A call may wait for five minutes at most (`wait=5m`); the rest is for a slow machine. No proxy: the
// server is on this machine.
var client = &http.Client{Timeout: 330 * time.Second, Transport: &http.Transport{Proxy: nil}}

// Room for a full journal.
const mostBytes = 256 << 20

// call makes a call of the control API; a refusal is an error that says what to do next.
func call(method, url string, body, into any) error {
	var data io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("%s %s: the body is no JSON: %w", method, url, err)
		}
		data = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, url, data)
	if err != nil {
		return fmt.Errorf("is CRISP_MOCK_CONTROL_URL right? %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token := os.Getenv("CRISP_MOCK_CONTROL_TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%w. Is the emulator still running?", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if answer.StatusCode >= 400 {
		var problem struct{ Error, Hint string }
		_ = json.Unmarshal(text, &problem)
		return fmt.Errorf("%s %s: %d %s (%s)", method, url, answer.StatusCode, problem.Error, problem.Hint)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s does not answer as crisp-mock does: is CRISP_MOCK_CONTROL_URL right? %w", url, err)
	}
	return nil
}
