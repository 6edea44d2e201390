package application

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
)

// planned is what the command plan prints as JSON.
type planned struct {
	// Plan is what a registration would do. It is not there with --against.
	Plan *deployment.Plan `json:"plan,omitempty"`
	// Services that change, with --against.
	Services []deployment.ServiceChange `json:"services,omitempty"`
	// Breaking says what callers of before may fail with.
	Breaking []string `json:"breaking"`
}

// NewPlan returns the command plan.
func NewPlan(t *terminal.Terminal) *cobra.Command {
	r := reader{terminal: t}
	var p policies
	against := ""
	cmd := &cobra.Command{
		Use:   "plan <application> [-- arguments]",
		Short: "Show what a registration would change, and what it would break",
		Long: `Shows what a registration of the application would do, and writes nothing. The server
asks the endpoint at its URL what it serves. With --against no server is needed: the
application is compared with another one, or with a file that fxrestate manifest wrote.

The exit code is 0 if there is nothing to do or nobody is harmed. It is 3 if callers may
fail, invocations are in flight whose handlers change, or a policy refuses it.
` + argument,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, rest, err := arguments(cmd, args)
			if err != nil {
				return err
			}
			s, err := r.read(cmd.Context(), name, rest)
			if err != nil {
				return err
			}
			if against != "" {
				before, err := r.read(cmd.Context(), against, rest)
				if err != nil {
					return err
				}
				changes, err := deployment.Compare(before.Manifest, s.Manifest)
				if err != nil {
					return err
				}
				return show(t, planned{Services: changes, Breaking: deployment.Breaking(changes)})
			}
			at, err := p.target(cmd.Context(), s, r.headers, t)
			if err != nil {
				return err
			}
			defer at.close()
			done := t.Progress("asking " + terminal.Escape(at.client.URL()))
			plan, err := at.registrar.Plan(cmd.Context(), at.endpoint)
			done()
			if err != nil && !refused(plan, err) {
				return err
			}
			return show(t, planned{Plan: &plan, Breaking: deployment.Breaking(plan.Services)})
		},
	}
	r.add(cmd)
	p.add(cmd)
	cmd.Flags().StringVar(&against, "against", "", "`application` to compare with, without a server: a file, a program, a package or a URL")
	return cmd
}

// show prints what would change. The error has the exit code.
func show(t *terminal.Terminal, p planned) error {
	found := len(p.Breaking) > 0
	changes := deployment.Plan{Services: p.Services}
	if p.Plan != nil {
		changes = *p.Plan
		found = found || p.Plan.Refused != "" || len(p.Plan.InFlight) > 0
	}
	if t.JSON {
		if p.Breaking == nil {
			p.Breaking = []string{}
		}
		if err := t.WriteJSON(p); err != nil {
			return err
		}
	} else {
		showPlan(t, p, changes)
	}
	if found {
		return terminal.ErrFound
	}
	return nil
}

func showPlan(t *terminal.Terminal, p planned, changes deployment.Plan) {
	lines := changes.Lines()
	switch {
	case p.Plan != nil && p.Plan.Action == "":
		t.Printf("%s\n", t.Paint(terminal.Bad, "refused "+terminal.Escape(p.Plan.URL)))
	case p.Plan != nil:
		t.Printf("%s\n", t.Paint(terminal.Strong, terminal.Escape(string(p.Plan.Action)+" "+p.Plan.URL+": "+p.Plan.Reason)))
	case len(lines) == 0:
		t.Printf("the interface is the same\n")
	}
	for _, l := range lines {
		t.Printf("%s\n", t.Wrap("  ", terminal.Escape(l)))
	}
	if len(p.Breaking) > 0 {
		t.Printf("%s\n", t.Paint(terminal.Bad, "callers may fail:"))
	}
	for _, l := range p.Breaking {
		t.Printf("%s\n", t.Wrap("  ", terminal.Escape(l)))
	}
}

// logger writes what a registrar says to people.
func logger(t *terminal.Terminal) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Err, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}
