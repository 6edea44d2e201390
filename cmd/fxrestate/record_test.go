package main

import (
	"path/filepath"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/restatetest"
)

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.After(restatetest.StopServers))
}

// Greeter greets people.
type Greeter struct{}

// Greeting is who is greeted, and how.
type Greeting struct {
	Name string `json:"name"`
}

// Greet greets.
func (Greeter) Greet(ctx restate.Context, in Greeting) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) { return "hello " + in.Name, nil }, restate.WithName("greet"))
}

func TestRecordWritesAJournalThatCanBeReplayed(t *testing.T) {
	t.Parallel()
	app := fx.Options(fxrestate.Module, fxrestate.Service[*Greeter](func() *Greeter { return &Greeter{} }))
	env := restatetest.Start(t, app)
	sent, err := ingress.Send(t.Context(), ingress.NewService[*Greeter](env.Ingress()), (*Greeter).Greet, Greeting{"Ada Lovelace"})
	require.NoError(t, err)
	_, err = sent.Attach(t.Context())
	require.NoError(t, err)
	id, err := sent.ID(t.Context())
	require.NoError(t, err)

	path := filepath.Join(t.TempDir(), "greet.journal.json")
	code, stdout, stderr := call(t, "record", "--admin", env.AdminURL(), "-o", path, "--redact", "name", id)
	require.Equal(t, terminal.CodeOK, code, stderr)
	require.Empty(t, stdout)
	restatetest.Replay(t, path, app)

	code, stdout, stderr = call(t, "record", "--admin", env.AdminURL(), id)
	require.Equal(t, terminal.CodeOK, code, stderr)
	require.Contains(t, stdout, `{"type":"Command: Run","name":"greet","completion":1}`)
	require.Contains(t, stdout, `"hello Ada Lovelace"`)

	code, _, stderr = call(t, "record", "--admin", env.AdminURL(), "inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD")
	require.Equal(t, terminal.CodeFailed, code)
	require.Contains(t, stderr, "fxrestate record: journal: the server knows no invocation inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD")
}
