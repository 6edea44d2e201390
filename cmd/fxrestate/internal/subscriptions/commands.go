package subscriptions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// Commands returns the command subscriptions with all that it has.
func Commands(t *terminal.Terminal) []*cobra.Command {
	return []*cobra.Command{terminal.Group("subscriptions", "Look at Kafka subscriptions, and change them", newList(t), newDescribe(t), newCreate(t), newDelete(t))}
}

// document is a subscription in JSON.
type document struct {
	ID      string            `json:"id,omitempty"`
	Source  string            `json:"source"`
	Sink    string            `json:"sink"`
	Options map[string]string `json:"options"`
}

func documentOf(s admin.Subscription) document {
	return document{s.ID, s.Source, s.Sink, withoutSecrets(s.Options)}
}

// secret are the names of options of librdkafka whose values are not shown.
var secret = regexp.MustCompile(`(?i)password|secret|\.jaas\.|\.key(\.pem)?$|oauthbearer\.config`)

func withoutSecrets(options map[string]string) map[string]string {
	shown := make(map[string]string, len(options))
	for name, value := range options {
		if secret.MatchString(name) {
			value = "***"
		}
		shown[name] = value
	}
	return shown
}

// sinkOf returns a sink as service/handler.
func sinkOf(s admin.Subscription) string { return strings.TrimPrefix(s.Sink, sinkScheme) }

const sinkScheme = "service://"

// ids completes the ids of subscriptions, with what each is.
func ids(ctx context.Context, client *admin.Client) ([]string, error) {
	all, err := client.Subscriptions(ctx)
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = cobra.CompletionWithDesc(s.ID, terminal.Escape(s.Source+" to "+sinkOf(s)))
	}
	return words, err
}

func newList(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	cmd := &cobra.Command{
		Use: "list", Short: "List subscriptions",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				done := t.Progress("listing subscriptions")
				all, err := client.Subscriptions(ctx)
				done()
				if err != nil {
					return err
				}
				slices.SortFunc(all, func(a, b admin.Subscription) int {
					return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Sink, b.Sink), cmp.Compare(a.ID, b.ID))
				})
				return list(t, all)
			})
		},
	}
	flags.Add(cmd)
	return cmd
}

func list(t *terminal.Terminal, all []admin.Subscription) error {
	if t.JSON {
		documents := make([]document, len(all))
		for i, s := range all {
			documents[i] = documentOf(s)
		}
		return t.WriteJSON(struct {
			Subscriptions []document `json:"subscriptions"`
		}{documents})
	}
	if len(all) == 0 {
		t.Notef("there are no subscriptions")
		return nil
	}
	table := terminal.Table{Header: []string{"Id", "Source", "Sink"}}
	for _, s := range all {
		table.Rows = append(table.Rows, []string{s.ID, s.Source, sinkOf(s)})
	}
	t.Table(table)
	return nil
}

func newDescribe(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	cmd := &cobra.Command{
		Use: "describe <id>", Short: "Show a subscription with its options",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				s, err := find(ctx, client, args[0])
				if err != nil {
					return err
				}
				if t.JSON {
					return t.WriteJSON(documentOf(s))
				}
				describe(t, s)
				return warn(ctx, t, client, s)
			})
		},
		ValidArgsFunction: flags.CompleteFirst(ids),
	}
	flags.Add(cmd)
	return cmd
}

// find returns a subscription.
func find(ctx context.Context, client *admin.Client, id string) (admin.Subscription, error) {
	if !strings.HasPrefix(id, "sub_") {
		return admin.Subscription{}, terminal.Usagef("%q is not the id of a subscription, which begins with sub_", terminal.Escape(id))
	}
	s, err := client.Subscription(ctx, id)
	if notFound(err) {
		err = fmt.Errorf("the server knows no subscription %s; see fxrestate subscriptions list", terminal.Escape(id))
	}
	return s, err
}

func notFound(err error) bool {
	failed, ok := errors.AsType[*admin.Error](err)
	return ok && failed.Status == http.StatusNotFound
}

func describe(t *terminal.Terminal, s admin.Subscription) {
	shown := withoutSecrets(s.Options)
	var options []string
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		options = append(options, terminal.Escape(name+"="+shown[name]))
	}
	t.Fields(
		terminal.Field{Name: "Subscription", Value: s.ID, Style: terminal.Strong},
		terminal.Field{Name: "Source", Value: s.Source},
		terminal.Field{Name: "Sink", Value: sinkOf(s)},
		terminal.Field{Name: "Options", Value: strings.Join(options, "\n")},
	)
}

// warn says that the handler that gets the records is gone.
func warn(ctx context.Context, t *terminal.Terminal, client *admin.Client, s admin.Subscription) error {
	service, handler, _ := strings.Cut(sinkOf(s), "/")
	_, err := client.Handler(ctx, service, handler)
	if notFound(err) {
		t.Notef("\n%s", t.Paint(terminal.Warning, "No deployment serves "+terminal.Escape(sinkOf(s))+" now."))
		return nil
	}
	return err
}
