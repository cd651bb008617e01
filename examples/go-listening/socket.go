package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	longestMessage = 4 << 20
	// The magic of RFC 6455, from which both sides know that they mean WebSocket.
	acceptance = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

	text, closing, ping, pong = 1, 8, 9, 10
)

// socket is a connection to the RTM API: Socket.IO 5 over Engine.IO 4 over WebSocket.
type socket struct {
	conn   net.Conn
	reader *bufio.Reader
	silent time.Duration // after so long without a heartbeat it is dead
	mutex  sync.Mutex    // one frame is written at a time
}

// dial opens the socket whose address Crisp gives (`socket.app`).
func dial(address string) (*socket, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	secure := target.Scheme == "wss" || target.Scheme == "https"
	host := target.Host
	if target.Port() == "" {
		host += map[bool]string{true: ":443", false: ":80"}[secure]
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	if secure {
		conn = tls.Client(conn, &tls.Config{ServerName: target.Hostname()})
	}
	opened := &socket{conn: conn, reader: bufio.NewReader(conn), silent: 60 * time.Second}
	if err := opened.upgrade(target); err != nil {
		conn.Close()
		return nil, err
	}
	return opened, nil
}

func (s *socket) upgrade(target *url.URL) error {
	s.conn.SetDeadline(time.Now().Add(10 * time.Second))
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	key := base64.StdEncoding.EncodeToString(nonce)
	path := strings.TrimSuffix(target.Path, "/") + "/?EIO=4&transport=websocket"
	_, err := fmt.Fprintf(s.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n", path, target.Host, key)
	if err != nil {
		return err
	}
	answer, err := http.ReadResponse(s.reader, nil)
	if err != nil {
		return err
	}
	digest := sha1.Sum([]byte(key + acceptance))
	if answer.StatusCode != http.StatusSwitchingProtocols ||
		answer.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(digest[:]) {
		return fmt.Errorf("the socket was refused: %s", answer.Status)
	}
	return s.conn.SetDeadline(time.Time{})
}

// emit sends an event of Socket.IO.
func (s *socket) emit(name string, data interface{}) error {
	event, err := json.Marshal([]interface{}{name, data})
	if err != nil {
		return err
	}
	return s.write(text, append([]byte("42"), event...))
}

// next waits for an event; heartbeats are answered meanwhile. `connect` is the event of the beginning.
func (s *socket) next() (string, json.RawMessage, error) {
	for {
		packet, err := s.read()
		if err != nil {
			return "", nil, err
		}
		switch {
		case strings.HasPrefix(packet, "0"): // Engine.IO opens
			var open struct{ PingInterval, PingTimeout int64 }
			if json.Unmarshal([]byte(packet[1:]), &open) == nil && open.PingInterval > 0 {
				s.silent = time.Duration(open.PingInterval+open.PingTimeout) * time.Millisecond
			}
			err = s.write(text, []byte("40"))
		case packet == "2": // a heartbeat
			err = s.write(text, []byte("3"))
		case strings.HasPrefix(packet, "40"):
			return "connect", nil, nil
		case strings.HasPrefix(packet, "42"):
			var event []json.RawMessage
			var name string
			if json.Unmarshal([]byte(packet[2:]), &event) == nil && len(event) > 0 &&
				json.Unmarshal(event[0], &name) == nil {
				return name, append(event, nil)[1], nil
			}
		case strings.HasPrefix(packet, "41"), strings.HasPrefix(packet, "1"):
			return "", nil, io.EOF
		}
		if err != nil {
			return "", nil, err
		}
	}
}

// read gives the next text message, which may come in several frames.
func (s *socket) read() (string, error) {
	var message []byte
	for {
		s.conn.SetReadDeadline(time.Now().Add(s.silent))
		var head [2]byte
		if _, err := io.ReadFull(s.reader, head[:]); err != nil {
			return "", err
		}
		length := uint64(head[1] & 0x7f)
		if more := map[uint64]int{126: 2, 127: 8}[length]; more > 0 {
			var size [8]byte
			if _, err := io.ReadFull(s.reader, size[8-more:]); err != nil {
				return "", err
			}
			length = binary.BigEndian.Uint64(size[:])
		}
		if length > longestMessage || len(message) > longestMessage {
			return "", errors.New("a message that is too long")
		}
		payload := make([]byte, length)
		if _, err := io.ReadFull(s.reader, payload); err != nil {
			return "", err
		}
		switch head[0] & 0x0f {
		case closing:
			return "", io.EOF
		case ping:
			if err := s.write(pong, payload); err != nil {
				return "", err
			}
		case pong:
		default: // text, or what continues it
			message = append(message, payload...)
			if head[0]&0x80 != 0 {
				return string(message), nil
			}
		}
	}
}

// write sends one frame; a client masks its own.
func (s *socket) write(opcode byte, payload []byte) error {
	frame := []byte{0x80 | opcode}
	switch length := len(payload); {
	case length < 126:
		frame = append(frame, 0x80|byte(length))
	case length < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(length))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 0x80|127), uint64(length))
	}
	var mask [4]byte
	if _, err := rand.Read(mask[:]); err != nil {
		return err
	}
	frame = append(frame, mask[:]...)
	for index, value := range payload {
		frame = append(frame, value^mask[index%4])
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, err := s.conn.Write(frame)
	return err
}
