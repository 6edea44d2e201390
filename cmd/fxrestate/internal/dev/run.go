package dev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/devserver"
)

// run runs the server until ctx ends or the server does.
func run(ctx context.Context, t *terminal.Terminal, f flags, page Page) (err error) {
	apps, err := appsAt(f.apps)
	if err != nil {
		return err
	}
	d, err := openData(f.name, t.Getenv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if f.clean {
		if err := d.clean(ctx, t); err != nil {
			return err
		}
	}
	if err := free(f.ingressPort, "--ingress-port"); err != nil {
		return err
	}
	if err := free(f.adminPort, "--admin-port"); err != nil {
		return err
	}
	server, closeLog, err := start(ctx, t, f, d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	// The server ends with the command, and not before it has been told to.
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	return serve(ctx, t, f, d, server, page, apps)
}

// start starts the server.
func start(ctx context.Context, t *terminal.Terminal, f flags, d *data) (s *devserver.Server, closeLog func() error, err error) {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, nil, err
	}
	var log io.Writer = &escaper{to: t.Err}
	closeLog = func() error { return nil }
	if !f.verbose {
		file, err := os.OpenFile(d.log(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, err
		}
		log, closeLog = file, file.Close
	}
	done := t.Progress("starting restate-server")
	s, err = devserver.Start(ctx, devserver.Config{
		Version: f.version, Dir: filepath.Join(d.dir, "server"),
		IngressPort: f.ingressPort, AdminPort: f.adminPort, Log: log, Progress: t.Err,
	})
	done()
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("ended before the server was ready: %w", context.Cause(ctx))
		}
		return nil, nil, errors.Join(shown(err), closeLog())
	}
	return s, closeLog, nil
}

// shown is an error whose text quotes the log of the server, fit for a terminal.
func shown(err error) error {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		line, indent := strings.CutPrefix(line, "\t")
		if lines[i] = terminal.Escape(line); indent {
			lines[i] = "  " + lines[i]
		}
	}
	return errors.New(strings.TrimPrefix(strings.Join(lines, "\n"), "devserver: "))
}

// free says what to do where a port is taken.
func free(port int, flag string) error {
	if port < 0 || port > 65535 {
		return terminal.Usagef("%s is %d; it must be between 0 and 65535", flag, port)
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("port %d cannot be had, perhaps because another restate-server runs: stop that, or choose another port with %s, 0 for a free one (%w)", port, flag, err)
	}
	return l.Close()
}

// ready is what is printed with --json once the server is ready.
type ready struct {
	Version    string `json:"version"`
	IngressURL string `json:"ingress_url"`
	AdminURL   string `json:"admin_url"`
	UIURL      string `json:"ui_url"`
	PageURL    string `json:"page_url,omitempty"`
	Name       string `json:"name"`
	Dir        string `json:"dir"`
	Log        string `json:"log,omitempty"`
}

// serve serves until the end.
func serve(ctx context.Context, t *terminal.Terminal, f flags, d *data, server *devserver.Server, page Page, apps []*app) error {
	client, err := admin.New(admin.Config{URL: server.AdminURL()})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	if err := d.running(server.AdminURL()); err != nil {
		return err
	}
	r := ready{
		Version: server.Version(), IngressURL: server.IngressURL(), AdminURL: server.AdminURL(), UIURL: server.AdminURL() + "/ui",
		Name: d.name, Dir: d.dir,
	}
	if !f.verbose {
		r.Log = d.log()
	}
	if page != nil {
		url, stop, err := servePage(page(client), f.pagePort)
		if err != nil {
			return err
		}
		defer stop()
		r.PageURL = url
	}
	if err := r.show(t, f.apps); err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	var owner sync.WaitGroup
	w := &watcher{client: client, host: server.EndpointHost(), say: said(t)}
	for _, a := range apps {
		owner.Go(func() { w.watch(watching, a) })
	}
	defer owner.Wait()
	defer stop()
	select {
	case <-ctx.Done():
		t.Notef("stopping restate-server; the data of %q is kept", d.name)
		return nil
	case <-server.Done():
		return shown(cmp.Or(server.Err(), errors.New("the server has ended")))
	}
}

// said writes lines of several goroutines to Err.
func said(t *terminal.Terminal) func(format string, args ...any) {
	var mu sync.Mutex
	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		t.Notef("%s", terminal.Escape(fmt.Sprintf(format, args...)))
	}
}

// show prints where the server is.
func (r ready) show(t *terminal.Terminal, apps []string) error {
	if t.JSON {
		return t.WriteJSON(r)
	}
	t.Printf("%s\n\n", t.Paint(terminal.Good, "restate-server "+r.Version+" is ready"))
	for _, line := range [][2]string{
		{"Ingress", r.IngressURL},
		{"Admin API", r.AdminURL},
		{"UI", r.UIURL},
		{"Page", r.PageURL},
		{"Data", r.Dir},
		{"Log", r.Log},
	} {
		if line[1] != "" {
			t.Printf("  %-9s  %s\n", line[0], terminal.Escape(line[1]))
		}
	}
	t.Printf("\n%s\n", t.Wrap("", terminal.Escape("Applications are registered when they appear at "+strings.Join(apps, ", ")+". Ctrl-C ends the server and keeps its data.")))
	return nil
}

// servePage serves the page on this machine.
func servePage(page http.Handler, port int) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", nil, fmt.Errorf("the page cannot be served: choose another port with --page-port, 0 for a free one (%w)", err)
	}
	s := &http.Server{Handler: page, ReadHeaderTimeout: 10 * time.Second}
	var owner sync.WaitGroup
	owner.Go(func() { _ = s.Serve(l) })
	return "http://" + l.Addr().String(), func() {
		_ = s.Close()
		owner.Wait()
	}, nil
}
