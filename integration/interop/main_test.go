// Package interop_test tests services and clients of this module together with
// those of Restate's TypeScript SDK, which come from npm and run on Node.js, on one
// restate-server.
package interop_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
