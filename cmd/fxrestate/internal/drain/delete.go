package drain

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

func newDelete(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	var dryRun, force bool
	cmd := &cobra.Command{
		Use:   "delete <id>",
		Short: "Remove a deployment that serves nothing any more",
		Long: `Removes a deployment, unless invocations are in flight on it or it is the latest of a
service. With --force it is removed nevertheless: its invocations stop, until they are
resumed on another deployment, and a service of which it is the latest is unknown from then on.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkID(args[0]); err != nil {
				return err
			}
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				return remove(ctx, t, client, args[0], removal{flags: &flags, dryRun: dryRun, force: force})
			})
		},
		ValidArgsFunction: flags.CompleteFirst(server.Deployments),
	}
	flags.Add(cmd)
	t.AddChange(cmd, &dryRun)
	cmd.Flags().BoolVar(&force, "force", false, "remove it whatever it serves")
	return cmd
}

// removal says how a deployment is removed.
type removal struct {
	flags         *server.Flags
	dryRun, force bool
}

// removed is what the removal prints as JSON.
type removed struct {
	document
	DryRun  bool `json:"dry_run"`
	Deleted bool `json:"deleted"`
}

func remove(ctx context.Context, t *terminal.Terminal, client *admin.Client, id string, r removal) error {
	o, err := look(ctx, t, client, id)
	if err != nil {
		return err
	}
	d, err := o.deployment(id)
	if err != nil {
		return err
	}
	if !t.JSON {
		o.describe(t, d)
		t.Printf("\n")
	}
	if err := o.removable(id, r.flags); err != nil && !r.force {
		return err
	}
	if !r.dryRun {
		question := "Remove the deployment?"
		if n := o.count(id); n > 0 {
			question = fmt.Sprintf("Remove the deployment, with %s on it?", terminal.Plural(n, "invocation"))
		}
		if err := t.Confirm(ctx, question); err != nil {
			return err
		}
		// Somebody may have taken long to answer.
		if o, err = look(ctx, t, client, id); err != nil {
			return err
		}
		if err := o.removable(id, r.flags); err != nil && !r.force {
			return err
		}
		if err := client.DeleteDeployment(ctx, id, true); err != nil {
			return err
		}
	}
	if t.JSON {
		return t.WriteJSON(removed{o.document(d), r.dryRun, !r.dryRun})
	}
	if r.dryRun {
		t.Notef("This is a dry run: nothing was removed.")
		return nil
	}
	t.Notef("%s is removed; its processes can be stopped", id)
	return nil
}

// removable returns an error if a deployment serves anything.
func (o overview) removable(id string, flags *server.Flags) error {
	if n := o.count(id); n > 0 {
		return fmt.Errorf("%s on it: wait for them with %s", are(n), flags.Next("drain", id, "--wait", "--delete"))
	}
	if latest := o.latest(id); len(latest) > 0 {
		return fmt.Errorf("it is the latest deployment of %s, so invocations come to it: register another one first", terminal.Escape(strings.Join(latest, ", ")))
	}
	return nil
}

func are(n int) string {
	if n == 1 {
		return "there is 1 invocation"
	}
	return fmt.Sprintf("there are %d invocations", n)
}
