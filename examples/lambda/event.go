package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/restatedev/sdk-go/server"
)

// Event is an event that the function has taken, and its answer.
type Event struct {
	Request  server.LambdaRequest
	Response server.LambdaResponse
}

func newEvent(request, response []byte) (e Event) {
	// What is not JSON leaves a zero Event.
	_ = json.Unmarshal(request, &e.Request)
	_ = json.Unmarshal(response, &e.Response)
	return e
}

// The types of frames of the service protocol that say how an attempt ended.
const (
	suspension = 0x0001
	failure    = 0x0002
	end        = 0x0003
)

// Outcome says how the attempt ended that the event was for.
func (e Event) Outcome() string {
	if !strings.HasPrefix(e.Request.Path, "/invoke/") {
		return "answered"
	}
	body, _ := base64.StdEncoding.DecodeString(e.Response.Body)
	outcome := "cut off"
	// Each frame has a type, flags and its length in a header of 8 bytes.
	for len(body) >= 8 {
		switch binary.BigEndian.Uint16(body) {
		case suspension:
			outcome = "suspended, no function waits"
		case failure:
			outcome = "failed, will be tried again"
		case end:
			outcome = "ended"
		}
		next := 8 + int(binary.BigEndian.Uint32(body[4:]))
		body = body[min(next, len(body)):]
	}
	return outcome
}

// String describes the event in a line.
func (e Event) String() string {
	return fmt.Sprintf("%s: %d, %s", e.Request.Path, e.Response.StatusCode, e.Outcome())
}
