// A small Crisp plugin whose settings come from crisp-sync.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
)

func variable(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func answer(response http.ResponseWriter, status int, body any) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(status)
	_ = json.NewEncoder(response).Encode(body)
}

// What the plugin holds, from wherever.
type held interface {
	Get(id string) (Website, bool)
	Held() (map[string]any, bool)
	Follow()
}

func main() {
	settings := NewSettings(variable("CRISP_SYNC_URL", "http://127.0.0.1:8787"), os.Getenv("CRISP_SYNC_TOKEN"))
	var held held = settings
	if fromStore != nil {
		// With `crisp-sync serve --store … --store-tokens`; saves go to the service.
		held = fromStore(os.Getenv("CRISP_STORE_NAME"))
	}
	go held.Follow()

	notValid := map[string]string{"error": "This link is not valid. Open it from Crisp again."}
	// Only Crisp and the website's own people know the token.
	allowed := func(id, token string) (Website, bool) {
		website, found := held.Get(id)
		return website, found && token != "" && website.Token == token
	}

	http.HandleFunc("/settings", func(response http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodGet {
			query := request.URL.Query()
			website, ok := allowed(query.Get("website_id"), query.Get("token"))
			if !ok {
				answer(response, http.StatusForbidden, notValid)
				return
			}
			answer(response, http.StatusOK, website.Settings)
			return
		}
		var body struct {
			WebsiteID string          `json:"website_id"`
			Token     string          `json:"token"`
			Settings  json.RawMessage `json:"settings"`
		}
		if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
			answer(response, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		if _, ok := allowed(body.WebsiteID, body.Token); !ok {
			answer(response, http.StatusForbidden, notValid)
			return
		}
		saved, err := settings.Save(body.WebsiteID, body.Settings)
		if err != nil || saved.Outcome != "done" {
			answer(response, http.StatusBadRequest, saved)
			return
		}
		answer(response, http.StatusOK, saved)
	})

	// What the plugin holds, for tests.
	if os.Getenv("CRISP_SYNC_JUDGED") != "" {
		http.HandleFunc("/_cache", func(response http.ResponseWriter, _ *http.Request) {
			all, loaded := held.Held()
			if !loaded {
				answer(response, http.StatusServiceUnavailable, map[string]string{"error": "still loading"})
				return
			}
			answer(response, http.StatusOK, all)
		})
	}

	log.Fatal(http.ListenAndServe("127.0.0.1:"+variable("PORT", "3000"), nil))
}
