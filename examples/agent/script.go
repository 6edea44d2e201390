package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// What the script understands.
var (
	weatherIn = regexp.MustCompile(`weather in ([\w ,]+)`)
	claimOf   = regexp.MustCompile(`claim of (\d+) euros for ([\w ]+)`)
)

// Script is a [Model] that needs no network: what it says follows from the text. Like a
// real one it can fail.
//   - Asked by somebody "unlucky", it does not respond to the first request of a turn.
//   - Told to "break", it responds no more once it has used a tool.
//   - Asked for something "again and again", it uses tools for ever.
type Script struct {
	log *slog.Logger

	mu    sync.Mutex
	asked map[string]int
}

// NewScript is the constructor of Script.
func NewScript(log *slog.Logger) *Script { return &Script{log: log, asked: map[string]int{}} }

// Asked returns how often the script was asked for each turn of each question.
func (s *Script) Asked() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked)
}

// Complete is the method of [Model].
func (s *Script) Complete(ctx context.Context, in Input) (Message, error) {
	begin := len(in.Talk) - 1
	for in.Talk[begin].Role != RoleUser {
		begin--
	}
	question, since := in.Talk[begin].Text, in.Talk[begin+1:]
	if err := s.count(question, len(since)); err != nil {
		return Message{}, err
	}
	out := Message{Role: RoleModel}
	if len(since) == 0 || strings.Contains(question, "again and again") {
		out.Calls = calls(question)
	}
	if len(out.Calls) == 0 {
		out.Text = answer(question, in.Talk[:begin], since)
	}
	s.log.InfoContext(ctx, "the model says", "text", out.Text, "calls", len(out.Calls))
	return out, nil
}

// count notes a request, and fails as a real model may.
func (s *Script) count(question string, since int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := fmt.Sprintf("%s [%d]", question, since)
	s.asked[turn]++
	if strings.Contains(question, "unlucky") && s.asked[turn] == 1 || strings.Contains(question, "break") && since > 0 {
		return errNoResponse
	}
	return nil
}

// calls returns the tools that a question needs.
func calls(question string) []Call {
	var all []Call
	call := func(tool string, arguments any) {
		b, _ := json.Marshal(arguments) // cannot fail for these types
		all = append(all, Call{ID: fmt.Sprintf("call-%d", len(all)+1), Tool: tool, Arguments: b})
	}
	if found := weatherIn.FindStringSubmatch(question); found != nil {
		for city := range strings.SplitSeq(strings.ReplaceAll(found[1], " and ", ", "), ", ") {
			call("weather", City{city})
		}
	}
	for _, found := range claimOf.FindAllStringSubmatch(question, -1) {
		euros, _ := strconv.Atoi(found[1]) // they are digits
		call("settle_claim", Claim{euros, found[2]})
	}
	return all
}

// answer returns what the model says when it needs no tools any more.
func answer(question string, before, since []Message) string {
	var parts []string
	for _, m := range since {
		switch {
		case m.Role != RoleTool:
		case m.Failed:
			parts = append(parts, "sorry, "+m.Text)
		default:
			parts = append(parts, inWords(m.Text))
		}
	}
	if strings.Contains(question, "said so far") {
		for _, m := range before {
			if m.Role == RoleUser {
				parts = append(parts, m.Text)
			}
		}
	}
	if len(parts) == 0 {
		return "I tell the weather and settle claims"
	}
	return strings.Join(parts, "; ")
}

// inWords says what a tool has returned.
func inWords(result string) string {
	var got struct {
		Report
		Payment
	}
	switch err := json.Unmarshal([]byte(result), &got); {
	case err == nil && got.City != "":
		return fmt.Sprintf("%s is %s at %d degrees", got.City, got.Sky, got.Celsius)
	case err == nil && got.Euros != 0:
		return fmt.Sprintf("%d euros are paid, as %s decided", got.Euros, got.By)
	}
	return result
}
