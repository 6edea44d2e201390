package application

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/description"
)

// subject is the application that a command is about.
type subject struct {
	description.Document
	// name is what it was called on the command line.
	name string
	// url is set if the application was asked at its URL: the document has only what a
	// manifest tells then.
	url string
}

// program reports whether the program has described itself.
func (s subject) program() bool { return s.Build.Go != "" }

// subscriptions returns those that the program declares.
func (s subject) subscriptions() (all []deployment.Subscription) {
	for _, service := range s.Services {
		for _, h := range service.Handlers {
			for _, sub := range h.Subscriptions {
				all = append(all, deployment.Subscription{Source: sub.Source, Service: service.Name, Handler: h.Name, Options: sub.Options})
			}
		}
	}
	return all
}

// reader reads what an application says of itself.
type reader struct {
	terminal *terminal.Terminal
	timeout  time.Duration
	headers  map[string]string
}

// defaultTimeout is how long a program may take to describe itself.
const defaultTimeout = 30 * time.Second

// add adds the flags of a reader to a command.
func (r *reader) add(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&r.timeout, "timeout", defaultTimeout, "how long the program may take to describe itself, or the URL to answer")
	cmd.Flags().StringToStringVar(&r.headers, "header", nil, "`name=value` of a header of requests to the endpoint, for a gateway in front of it")
}

// argument is said of the argument in the help of each command.
const argument = `
The application is a compiled program, a Go package such as ./cmd/app, which is built
first, the URL of an endpoint that serves, or a file that fxrestate manifest has written.
A program is run to describe itself, and does not start: see fxrestate.ErrDescribed.
Arguments after -- are those of the program.`

// arguments splits the arguments of a command into its own, of which there is one, and those
// of the program.
func arguments(cmd *cobra.Command, args []string) (name string, rest []string, err error) {
	if at := cmd.ArgsLenAtDash(); at >= 0 {
		args, rest = args[:at], args[at:]
	}
	if len(args) != 1 {
		return "", nil, terminal.Usagef("%d applications; name one", len(args))
	}
	return args[0], rest, nil
}

// read reads the application with a name, which is run with arguments if it is a program.
func (r *reader) read(ctx context.Context, name string, args []string) (subject, error) {
	if r.timeout <= 0 {
		return subject{}, terminal.Usagef("--timeout is %s; give it a positive duration", r.timeout)
	}
	if isURL(name) {
		return r.ask(ctx, name)
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.Mode().IsRegular():
		if doc, ok, err := readFile(name); ok || err != nil {
			return subject{Document: doc, name: name}, err
		}
		doc, err := r.run(ctx, name, args)
		return subject{Document: doc, name: name}, err
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return subject{}, err
	}
	binary, remove, err := r.build(ctx, name, err == nil)
	if err != nil {
		return subject{}, err
	}
	defer remove()
	doc, err := r.run(ctx, binary, args)
	return subject{Document: doc, name: name}, err
}

func isURL(name string) bool {
	return strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://")
}

// readFile reads a description or a manifest. ok is false if the file is no JSON.
func readFile(name string) (doc description.Document, ok bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return doc, false, err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 64)
	n, _ := f.Read(head)
	if !bytes.HasPrefix(bytes.TrimLeft(head[:n], " \t\r\n"), []byte("{")) {
		return doc, false, nil
	}
	doc, err = description.Read(name)
	if errors.Is(err, description.ErrNoFormat) {
		text, readErr := os.ReadFile(name)
		if readErr != nil {
			return doc, true, readErr
		}
		doc, err = description.FromManifest(text)
		if err == nil && len(doc.Services) == 0 {
			err = errors.New("it has no services")
		}
	}
	if err != nil {
		return doc, true, fmt.Errorf("%s is no description and no manifest: %w", terminal.Escape(name), err)
	}
	return doc, true, nil
}
