// Package interop_test tests services and clients of this module together with
// those of Restate's TypeScript SDK, which come from npm and run on Node.js, on one
// restate-server.
package interop_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrestate/go/endpoint"
)

func TestMain(m *testing.M) {
	if err := compileCore(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// compileCore compiles the SDK's core, which takes long with the race detector on.
func compileCore() error {
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil)
	if err != nil {
		return err
	}
	return e.WarmUp(context.Background())
}
