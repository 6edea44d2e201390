//go:build browser

package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// errClosed is the error of a call whose browser is gone.
var errClosed = errors.New("browser: it has ended")

// message is a call, an answer or an event of the DevTools protocol
// (https://chromedevtools.github.io/devtools-protocol).
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// event is an event of a tab.
type event struct {
	Session string          `json:"sessionId"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// pipe speaks the protocol over --remote-debugging-pipe: JSON, each message with a zero
// byte behind it.
type pipe struct {
	out    io.Writer
	events func(event)

	mu      sync.Mutex
	last    int
	waiting map[int]chan message
	ended   bool
}

// read reads until the browser ends. It calls events one after the other.
func (p *pipe) read(in io.Reader) {
	lines := bufio.NewReader(in)
	for {
		raw, err := lines.ReadBytes(0)
		if err != nil {
			break
		}
		var m message
		if json.Unmarshal(raw[:len(raw)-1], &m) != nil {
			continue
		}
		if m.ID == 0 {
			var e event
			if json.Unmarshal(raw[:len(raw)-1], &e) == nil {
				p.events(e)
			}
			continue
		}
		p.mu.Lock()
		answered := p.waiting[m.ID]
		delete(p.waiting, m.ID)
		p.mu.Unlock()
		if answered != nil {
			answered <- m
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for _, answered := range p.waiting {
		close(answered)
	}
}

// call calls a method and decodes its result into out, unless that is nil.
func (p *pipe) call(session, method string, params, out any) error {
	answered := make(chan message, 1)
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return errClosed
	}
	p.last++
	raw, err := json.Marshal(message{ID: p.last, Session: session, Method: method, Params: params})
	if err == nil {
		p.waiting[p.last] = answered
		_, err = p.out.Write(append(raw, 0))
	}
	p.mu.Unlock()
	if err != nil {
		return fmt.Errorf("browser: %s: %w", method, err)
	}
	m, ok := <-answered
	switch {
	case !ok:
		return errClosed
	case m.Error != nil:
		return fmt.Errorf("browser: %s: %s", method, m.Error.Message)
	case out == nil:
		return nil
	default:
		return json.Unmarshal(m.Result, out)
	}
}
