// A plugin that knows no host but Crisp's own, with Go's default client.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

func main() {
	request, _ := http.NewRequest("GET", "https://api.crisp.chat/v1/plugin/connect/websites/all/1", nil)
	request.SetBasicAuth(os.Getenv("CRISP_IDENTIFIER"), os.Getenv("CRISP_KEY"))
	request.Header.Set("X-Crisp-Tier", "plugin")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	var body struct{ Data []any }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		panic(err)
	}
	fmt.Println("net/http:", len(body.Data), "websites")
}
