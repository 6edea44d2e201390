package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/fxrestate"
)

// examination is one run of the command.
type examination struct {
	terminal *terminal.Terminal
	// next writes a command about the same server.
	next        func(words ...string) string
	cfg         fxrestate.Config
	configError error
	timeout     time.Duration
	// ingressUnknown: nothing says where the ingress is, and the admin API is not the default.
	ingressUnknown bool

	application *named // nil: none

	client  *admin.Client
	version admin.Version
	facts   facts
}

// step is one check.
type step struct {
	name string
	look func(context.Context) Check
}

// run makes all checks, shows them in order as they are made, and returns the error that
// the command ends with.
func (e *examination) run(ctx context.Context) error {
	p := printer{e.terminal, signsOf(e.terminal)}
	var report Report
	show := func(c Check) {
		report.Checks = append(report.Checks, c)
		if !e.terminal.JSON {
			p.check(c)
		}
	}
	e.all(ctx, show)
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("doctor: not all was checked: %w", err)
	}
	report.Status = of(report.Checks)
	if e.terminal.JSON {
		if err := e.terminal.WriteJSON(report); err != nil {
			return err
		}
	}
	return report.exit()
}

// all makes the checks. Those of what is behind the admin API are made only where that
// answers: otherwise each would say the same.
func (e *examination) all(ctx context.Context, show func(Check)) {
	configured := e.configuration()
	show(configured)
	if configured.Status == Bad {
		return
	}
	defer e.client.CloseIdleConnections()
	reachable := e.made(ctx, step{"Admin API", e.adminAPI})
	show(reachable)
	if reachable.Status != OK {
		show(e.made(ctx, step{"Ingress", e.ingress}))
		return
	}
	done := e.terminal.Progress("asking the server")
	e.facts = gather(ctx, e.client, e.timeout)
	done()
	steps := []step{
		{"Server version", e.serverVersion},
		{"Clock", e.clock},
		{"Partitions", e.partitions},
		{"Ingress", e.ingress},
		{"Deployments", e.deployments},
		{"Handlers", e.handlers},
		{"Invocations", e.invocations},
		{"Subscriptions", e.subscriptions},
	}
	if e.application != nil {
		steps = append(steps, step{"Application", e.drift})
	}
	// At the same time, so that one which hangs does not add up with others.
	results := make([]chan Check, len(steps))
	for i, s := range steps {
		results[i] = make(chan Check, 1)
		go func() { results[i] <- e.made(ctx, s) }()
	}
	for i, s := range steps {
		done := e.terminal.Progress("looking at: " + s.name)
		c := <-results[i]
		done()
		show(c)
	}
}

// made makes a check within its time.
func (e *examination) made(ctx context.Context, s step) Check {
	slow := fmt.Errorf("there was no answer within %v; see --timeout", e.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, e.timeout, slow)
	defer cancel()
	c := s.look(ctx)
	c.Name = s.name
	return c
}

// facts is what several checks look at.
type facts struct {
	deployments fact[[]admin.DeploymentSummary]
	services    fact[[]admin.Service]
	inFlight    fact[[]admin.InFlight]
}

type fact[T any] struct {
	is  T
	err error
}

// gather asks for what several checks look at, at the same time.
func gather(ctx context.Context, client *admin.Client, timeout time.Duration) facts {
	var f facts
	ask(ctx, timeout,
		func(ctx context.Context) { f.deployments.is, f.deployments.err = client.Deployments(ctx) },
		func(ctx context.Context) { f.services.is, f.services.err = client.Services(ctx) },
		func(ctx context.Context) { f.inFlight.is, f.inFlight.err = client.InFlight(ctx) },
	)
	return f
}

func ask(ctx context.Context, timeout time.Duration, questions ...func(context.Context)) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("there was no answer within %v; see --timeout", timeout))
	defer cancel()
	done := make(chan struct{})
	for _, q := range questions {
		go func() {
			q(ctx)
			done <- struct{}{}
		}()
	}
	for range questions {
		<-done
	}
}
