// Package durable_test tests what is durable in handlers: steps, state, waiting, sagas, workflows, and
// what becomes of them when processes die. It also tests what is misuse of a ctx.
package durable_test

import (
	"os"
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		os.Exit(runChild(name))
	}
	testkit.Main(m, testkit.ReplayToo(), testkit.Before(provideChildBinary))
}
