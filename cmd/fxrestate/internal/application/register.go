package application

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
)

// defaultWait is how long a registration is tried.
const defaultWait = time.Minute

// NewRegister returns the command register.
func NewRegister(t *terminal.Terminal) *cobra.Command {
	r := reader{terminal: t}
	var p policies
	dry, wait := false, defaultWait
	cmd := &cobra.Command{
		Use:   "register <application> [-- arguments]",
		Short: "Register an endpoint that serves",
		Long: `Registers an endpoint with the server, as package deployment does: it says what changes,
asks, registers and reads back. The endpoint must serve.

With a URL, what the endpoint answers is registered. With a program or a file, and the URL
where it serves in --url, the server is asked first whether it finds there what the program
declares, and nothing is registered if it does not. The policies are those of the program,
as far as no flags are given, or those of mode production.

With --dry-run, it prints what the server would register and registers nothing.
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
			at, err := p.target(cmd.Context(), s, r.headers, t)
			if err != nil {
				return err
			}
			defer at.close()
			if dry {
				return at.dryRun(cmd.Context(), t)
			}
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), wait, fmt.Errorf("--wait of %s is over", wait))
			defer cancel()
			return at.register(ctx, t)
		},
	}
	r.add(cmd)
	p.add(cmd)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what the server would register, and register nothing")
	cmd.Flags().BoolVarP(&t.Yes, "yes", "y", false, "do not ask")
	cmd.Flags().DurationVar(&wait, "wait", defaultWait, "how long the registration is tried")
	return cmd
}

// dryRun prints the server's own answer.
func (at *target) dryRun(ctx context.Context, t *terminal.Terminal) error {
	done := t.Progress("asking " + terminal.Escape(at.client.URL()))
	found, err := at.registrar.Check(ctx, at.endpoint)
	done()
	var mismatch *deployment.MismatchError
	if err != nil && !errors.As(err, &mismatch) {
		return err
	}
	if t.JSON {
		if err := t.WriteJSON(found); err != nil {
			return err
		}
	} else {
		showServices(t, found)
	}
	return err
}

func showServices(t *terminal.Terminal, d admin.Deployment) {
	table := terminal.Table{Header: []string{"Service", "Kind", "Revision", "Handlers"}}
	sorted := slices.SortedFunc(slices.Values(d.Services), func(a, b admin.Service) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range sorted {
		names := make([]string, len(s.Handlers))
		for i, h := range s.Handlers {
			names[i] = h.Name
		}
		slices.Sort(names) // the server has them in any order
		table.Rows = append(table.Rows, []string{s.Name, string(s.Type), fmt.Sprint(s.Revision), strings.Join(names, ", ")})
	}
	t.Table(table)
}

// register checks, shows the plan, asks and registers.
func (at *target) register(ctx context.Context, t *terminal.Terminal) error {
	done := t.Progress("asking " + terminal.Escape(at.client.URL()))
	_, err := at.registrar.Check(ctx, at.endpoint)
	var plan deployment.Plan
	if err == nil {
		plan, err = at.registrar.Plan(ctx, at.endpoint)
	}
	done()
	if err != nil {
		return err
	}
	if plan.Action != deployment.None {
		t.Notef("%s", terminal.Escape(fmt.Sprintf("%s %s: %s", plan.Action, plan.URL, plan.Reason)))
		for _, l := range plan.Lines() {
			t.Notef("%s", "  "+terminal.Escape(l))
		}
		if err := t.Confirm(ctx, "Register "+terminal.Escape(plan.URL)+"?"); err != nil {
			return err
		}
	}
	registered, err := at.registrar.Register(ctx, at.endpoint) // which logs what it waits for
	if err != nil {
		return err
	}
	if t.JSON {
		return t.WriteJSON(struct {
			DeploymentID string          `json:"deployment_id"`
			URL          string          `json:"url"`
			Created      bool            `json:"created"`
			Revisions    map[string]int  `json:"revisions"`
			Plan         deployment.Plan `json:"plan"`
		}{registered.DeploymentID, registered.URL, registered.Created, registered.Revisions, registered.Plan})
	}
	t.Printf("%s %s as deployment %s: %s\n", did[registered.Plan.Action], terminal.Escape(registered.URL), terminal.Escape(registered.DeploymentID), terminal.Escape(registered.Plan.Reason))
	return nil
}

// did says what was done.
var did = map[deployment.Action]string{
	deployment.Create: "created", deployment.Replace: "replaced", deployment.Update: "updated", deployment.Reclaim: "reclaimed", deployment.None: "left",
}
