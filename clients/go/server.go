package crispmocktest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// A start takes milliseconds; this is for machines that are busy with a whole test run.
const startTime = 30 * time.Second

// The control API of the server that all tests of a process share.
var (
	once       sync.Once
	controlURL string
	errStart   error
)

// The variable may name a space: the server is the same.
var space = regexp.MustCompile(`/spaces/[^/]+/?$`)

func server() (string, error) {
	once.Do(func() {
		if there := os.Getenv("CRISP_MOCK_CONTROL_URL"); there != "" {
			controlURL = space.ReplaceAllString(there, "")
			return
		}
		controlURL, errStart = serve()
	})
	return controlURL, errStart
}

// serve starts a server on a free port. It looks itself whether this process is still there, and ends
// when it is not: a test binary has no end at which it could be stopped.
func serve() (string, error) {
	program := os.Getenv("CRISP_MOCK_BINARY")
	if program == "" {
		program = "crisp-mock"
	}
	command := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--print", "json", "--quiet",
		"--parent-pid", strconv.Itoa(os.Getpid()))
	complaint := &bytes.Buffer{}
	command.Stderr = complaint
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return "", fmt.Errorf("%w: put crisp-mock on PATH, or name it in CRISP_MOCK_BINARY (docs/install.md)", err)
	}
	late := time.AfterFunc(startTime, func() { _ = command.Process.Kill() })
	defer late.Stop()
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		_ = command.Wait()
		return "", fmt.Errorf("%s serve ended before it was ready: %s", program, complaint)
	}
	var info Info
	if err := json.Unmarshal(line, &info); err != nil {
		return "", fmt.Errorf("%s serve said what is no JSON: %w", program, err)
	}
	return info.ControlURL, nil
}
