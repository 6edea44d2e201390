package state

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// Commands returns the command state with all that it has.
func Commands(t *terminal.Terminal) []*cobra.Command {
	return []*cobra.Command{terminal.Group("state", "Read and write the state of objects and workflows", newGet(t), newSet(t), newClear(t))}
}

// values are a state by its names.
type values = map[string]json.RawMessage

// read returns the state of a key, of a service that has state.
func read(ctx context.Context, client *admin.Client, service, key string) (values, error) {
	known, err := client.Service(ctx, service)
	if err != nil {
		return nil, err
	}
	if known.Type == admin.TypeService {
		return nil, fmt.Errorf("%s is a service without keys, and has no state", service)
	}
	return client.State(ctx, service, key)
}

// completeKeyed completes the names of services with state, and then the names of a state.
func completeKeyed(flags *server.Flags) cobra.CompletionFunc {
	services := flags.Complete(func(ctx context.Context, client *admin.Client) ([]string, error) {
		services, err := client.Services(ctx)
		var names []string
		for _, s := range services {
			if s.Type != admin.TypeService {
				names = append(names, s.Name)
			}
		}
		return names, err
	})
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		switch {
		case len(args) == 0:
			return services(cmd, args, word)
		case len(args) == 1 || strings.Contains(word, "="):
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return flags.Complete(func(ctx context.Context, client *admin.Client) ([]string, error) {
			state, err := client.State(ctx, args[0], args[1])
			return slices.Sorted(maps.Keys(state)), err
		})(cmd, args, word)
	}
}

// text returns a value for people.
func text(value json.RawMessage) string {
	var compact bytes.Buffer
	switch {
	case utf8.Valid(value) && json.Compact(&compact, value) == nil:
		return compact.String()
	case utf8.Valid(value):
		return fmt.Sprintf("%q (not JSON)", string(value))
	default:
		return fmt.Sprintf("%s (not JSON; see --raw)", terminal.Plural(len(value), "byte"))
	}
}

// value is a value in JSON that a program reads.
type value struct {
	Value  json.RawMessage `json:"value,omitempty"`
	Base64 []byte          `json:"base64,omitempty"` // of what is not JSON
}

func valueOf(raw json.RawMessage) value {
	if json.Valid(raw) && utf8.Valid(raw) {
		return value{Value: raw}
	}
	return value{Base64: raw}
}
