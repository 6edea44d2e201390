package drain

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
)

// request is what one command line of drain asks for.
type request struct {
	flags                server.Flags
	id                   string
	wait, delete, dryRun bool
	timeout              terminal.Duration
}

func newDrain(t *terminal.Terminal) *cobra.Command {
	var r request
	cmd := &cobra.Command{
		Use:   "drain <deployment>",
		Short: "Show what still runs on an old deployment, and wait until nothing does",
		Long: `Shows what is in flight on a deployment. Nothing is moved or stopped: new invocations go to
the latest deployment of their service, and what began on an old one ends there.

Without --wait the exit code is 0 if nothing is in flight, and 3 otherwise.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.id = args[0]
			if err := checkID(r.id); err != nil {
				return err
			}
			if r.timeout > 0 && !r.wait {
				return terminal.Usagef("--timeout goes with --wait")
			}
			return r.flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error { return r.run(ctx, t, client) })
		},
		ValidArgsFunction: r.flags.CompleteFirst(server.Deployments),
	}
	r.flags.Add(cmd)
	cmd.Flags().BoolVar(&r.wait, "wait", false, "wait until nothing is in flight")
	cmd.Flags().Var(&r.timeout, "timeout", "wait at most so long, such as 10m (default: as long as it takes)")
	cmd.Flags().BoolVar(&r.delete, "delete", false, "remove the deployment when nothing is in flight; never with invocations on it")
	t.AddChange(cmd, &r.dryRun)
	return cmd
}

// report is what drain prints as JSON.
type report struct {
	document
	Drained     bool             `json:"drained"`
	Deleted     bool             `json:"deleted"`
	Invocations []admin.InFlight `json:"invocations"`
}

func (r *request) run(ctx context.Context, t *terminal.Terminal, client *admin.Client) error {
	o, err := look(ctx, t, client, r.id)
	if err != nil {
		return err
	}
	d, err := o.deployment(r.id)
	if err != nil {
		return err
	}
	latest := o.latest(r.id)
	if len(latest) > 0 && r.delete {
		return fmt.Errorf("it is the latest deployment of %s, so invocations come to it: register another one first", terminal.Escape(strings.Join(latest, ", ")))
	}
	if !t.JSON {
		r.show(t, o)
	}
	if len(latest) > 0 {
		t.Notef("It is the latest deployment of %s, so new invocations come to it.", terminal.Escape(strings.Join(latest, ", ")))
	}
	if r.wait && !r.dryRun {
		if err := r.await(ctx, t, client); err != nil {
			return err
		}
		if o, err = look(ctx, t, client, r.id); err != nil {
			return err
		}
	}
	left := o.count(r.id)
	if r.delete && left == 0 {
		return remove(ctx, t, client, r.id, removal{flags: &r.flags, dryRun: r.dryRun})
	}
	if t.JSON {
		if err := t.WriteJSON(report{o.document(d), left == 0, false, append([]admin.InFlight{}, o.inFlight...)}); err != nil {
			return err
		}
	}
	switch {
	case left > 0 && r.delete && !r.wait:
		return fmt.Errorf("%s on it: wait for them with --wait", are(left))
	case left > 0:
		return terminal.ErrFound
	case r.wait && !t.JSON:
		t.Notef("Nothing is in flight. To remove it: %s", r.flags.Next("deployments", "delete", r.id))
	}
	return nil
}

func (r *request) show(t *terminal.Terminal, o overview) {
	n := o.count(r.id)
	if n == 0 {
		t.Printf("Nothing is in flight on %s.\n", r.id)
		return
	}
	t.Table(inFlightTable(t, o.inFlight))
	t.Notef("\nTo see them one by one: %s", r.flags.Next("invocations", "list", "--deployment", r.id))
}

// await waits until the deployment is drained, and tells what is left at growing intervals.
func (r *request) await(ctx context.Context, t *terminal.Terminal, client *admin.Client) error {
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(r.timeout), fmt.Errorf("%v are over", time.Duration(r.timeout)))
		defer cancel()
	}
	return deployment.AwaitDrained(ctx, client, r.id, slog.New(notes{slog.DiscardHandler, t}))
}

// notes writes what AwaitDrained logs as lines for people.
type notes struct {
	slog.Handler
	terminal *terminal.Terminal
}

// Enabled reports that all is written.
func (notes) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes how many invocations are left, and of which handlers.
func (n notes) Handle(_ context.Context, record slog.Record) error {
	var left, handlers string
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "invocations":
			left = a.Value.String()
		case "handlers":
			handlers = a.Value.String()
		}
		return true
	})
	n.terminal.Notef("waiting, with %s in flight: %s", left, terminal.Escape(handlers))
	return nil
}
