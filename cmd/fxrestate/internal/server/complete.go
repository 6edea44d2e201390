package server

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// Ask returns what a word of the command line may be.
type Ask func(ctx context.Context, client *admin.Client) ([]string, error)

// hesitation is how long somebody who presses the tabulator key may have to wait.
const hesitation = 2 * time.Second

// Complete completes a word by asking the server. It offers nothing if that fails.
func (f *Flags) Complete(ask Ask) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		client, err := f.Client()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(cmd.Context(), hesitation)
		defer cancel()
		words, err := ask(ctx, client)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// CompleteFirst completes the first argument only.
func (f *Flags) CompleteFirst(ask Ask) cobra.CompletionFunc {
	complete := f.Complete(ask)
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, word)
	}
}

// Services returns the names of the services that the server knows.
func Services(ctx context.Context, client *admin.Client) ([]string, error) {
	services, err := client.Services(ctx)
	names := make([]string, len(services))
	for i, s := range services {
		names[i] = s.Name
	}
	return names, err
}

// Deployments returns the ids of the deployments that the server knows.
func Deployments(ctx context.Context, client *admin.Client) ([]string, error) {
	deployments, err := client.Deployments(ctx)
	ids := make([]string, len(deployments))
	for i, d := range deployments {
		ids[i] = d.ID
	}
	return ids, err
}

// Next returns the line of a command to type next, about the same server. Behind a word "--"
// there are no flags. What a URL has of names and passwords is left out.
func (f *Flags) Next(words ...string) string {
	if f.admin != "" {
		end := len(words)
		if at := slices.Index(words, "--"); at >= 0 {
			end = at
		}
		words = slices.Insert(slices.Clone(words), end, "--admin", admin.RedactURL(f.admin))
	}
	return terminal.CommandLine(append([]string{"fxrestate"}, words...)...)
}
