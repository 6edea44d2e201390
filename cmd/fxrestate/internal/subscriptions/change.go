package subscriptions

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// result is what a change prints as JSON.
type result struct {
	document
	DryRun bool `json:"dry_run"`
}

func newCreate(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	var dryRun bool
	var source, sink string
	var options []string
	cmd := &cobra.Command{
		Use:   "create --source kafka://cluster/topic --sink service/handler",
		Short: "Send the records of a Kafka topic to a handler",
		Long: `Sends the records of a Kafka topic to a handler. The cluster is one that the server is
configured with. Options go to librdkafka's consumer, such as group.id; by default it begins
with records that come from now on, and with auto.offset.reset=earliest with the oldest.`,
		Example: `  fxrestate subscriptions create --source kafka://main/orders --sink Orders/Receive --option auto.offset.reset=earliest`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := parse(source, sink, options)
			if err != nil {
				return err
			}
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				return create(ctx, t, client, s, &flags, dryRun)
			})
		},
	}
	flags.Add(cmd)
	t.AddChange(cmd, &dryRun)
	cmd.Flags().StringVar(&source, "source", "", "the topic, as `kafka://cluster/topic`")
	cmd.Flags().StringVar(&sink, "sink", "", "the handler, as `service/handler`")
	cmd.Flags().StringArrayVar(&options, "option", nil, "an option for the consumer, as `name=value`; repeat it for several")
	_ = cmd.RegisterFlagCompletionFunc("sink", flags.Complete(handlers)) // it fails for a flag that is not there
	return cmd
}

// handlers completes service/handler.
func handlers(ctx context.Context, client *admin.Client) ([]string, error) {
	services, err := client.Services(ctx)
	var words []string
	for _, s := range services {
		for _, h := range s.Handlers {
			words = append(words, s.Name+"/"+h.Name)
		}
	}
	return words, err
}

// parse reads what the flags say.
func parse(source, sink string, words []string) (admin.Subscription, error) {
	s := admin.Subscription{Source: source, Sink: sinkScheme + strings.TrimPrefix(sink, sinkScheme), Options: map[string]string{}}
	cluster, topic, ok := strings.Cut(strings.TrimPrefix(source, "kafka://"), "/")
	if !strings.HasPrefix(source, "kafka://") || !ok || cluster == "" || topic == "" {
		return s, terminal.Usagef("--source is kafka://cluster/topic, not %q", terminal.Escape(source))
	}
	service, handler, ok := strings.Cut(sinkOf(s), "/")
	if !ok || service == "" || handler == "" || strings.Contains(handler, "/") {
		return s, terminal.Usagef("--sink is service/handler, not %q", terminal.Escape(sink))
	}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok || name == "" {
			return s, terminal.Usagef("--option is name=value, not %q", terminal.Escape(word))
		}
		if _, twice := s.Options[name]; twice {
			return s, terminal.Usagef("the option %q is there twice", terminal.Escape(name))
		}
		s.Options[name] = value
	}
	return s, nil
}

func create(ctx context.Context, t *terminal.Terminal, client *admin.Client, s admin.Subscription, flags *server.Flags, dryRun bool) error {
	service, handler, _ := strings.Cut(sinkOf(s), "/")
	if _, err := client.Handler(ctx, service, handler); notFound(err) {
		return fmt.Errorf("no deployment serves %s; nothing was created", terminal.Escape(sinkOf(s)))
	} else if err != nil {
		return err
	}
	all, err := client.Subscriptions(ctx)
	if err != nil {
		return err
	}
	if !t.JSON {
		describe(t, s)
	}
	for _, other := range all {
		if other.Source == s.Source && other.Sink == s.Sink {
			t.Notef("\nThere is one from the same topic to the same handler already, which gets each record once more: %s",
				flags.Next("subscriptions", "describe", other.ID))
		}
	}
	if !dryRun {
		if err := t.Confirm(ctx, "Create the subscription?"); err != nil {
			return err
		}
		done := t.Progress("creating the subscription")
		s, err = client.CreateSubscription(ctx, admin.CreateSubscriptionRequest{Source: s.Source, Sink: s.Sink, Options: s.Options})
		done()
		if err != nil {
			return err
		}
	}
	return end(t, s, dryRun, "created")
}

// end says what has become of a subscription.
func end(t *terminal.Terminal, s admin.Subscription, dryRun bool, what string) error {
	switch {
	case t.JSON:
		return t.WriteJSON(result{documentOf(s), dryRun})
	case dryRun:
		t.Notef("\nThis is a dry run: nothing was %s.", what)
	default:
		t.Printf("\n%s is %s\n", terminal.Escape(s.ID), what)
	}
	return nil
}

func newDelete(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	var dryRun bool
	cmd := &cobra.Command{
		Use: "delete <id>", Short: "Remove a subscription",
		Long: "Removes a subscription. Invocations that it has made go on.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.With(cmd.Context(), func(ctx context.Context, client *admin.Client) error {
				s, err := find(ctx, client, args[0])
				if err != nil {
					return err
				}
				if !t.JSON {
					describe(t, s)
				}
				if !dryRun {
					if err := t.Confirm(ctx, "Remove the subscription?"); err != nil {
						return err
					}
					if err := client.DeleteSubscription(ctx, s.ID); err != nil {
						return err
					}
				}
				return end(t, s, dryRun, "removed")
			})
		},
		ValidArgsFunction: flags.CompleteFirst(ids),
	}
	flags.Add(cmd)
	t.AddChange(cmd, &dryRun)
	return cmd
}
