package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

// errNo ends a command whose question was not answered with yes.
var errNo = &Exit{CodeFailed, errors.New("nothing was changed")}

// Confirm asks a question, and returns an error unless the answer is yes. With --yes it does
// not ask. Where nobody can answer it is an error of the command line.
func (t *Terminal) Confirm(ctx context.Context, question string) error {
	switch {
	case t.Yes:
		return nil
	case !t.InTerminal || !t.ErrTerminal:
		return Usagef("%s Nobody can be asked here; add --yes", question)
	}
	_, _ = fmt.Fprintf(t.Err, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() { // it ends with the process if nobody answers
		line, _ := bufio.NewReader(t.In).ReadString('\n')
		answer <- line
	}()
	select {
	case <-ctx.Done():
		t.Notef("")
		return context.Cause(ctx)
	case line := <-answer:
		if line = strings.ToLower(strings.TrimSpace(line)); line != "y" && line != "yes" {
			return errNo
		}
		return nil
	}
}
