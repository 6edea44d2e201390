// Package interop_test tests services and clients of this module together with
// those of Restate's TypeScript SDK, which come from npm and run on Node.js, on one
// restate-server.
package interop_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.Before(func() (func(), error) { return nil, testkit.CompileCore() }))
}
