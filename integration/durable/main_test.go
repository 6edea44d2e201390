// Package durable_test tests what is durable in handlers: steps, state, waiting, sagas, workflows, and
// what becomes of them when processes die. It also tests what is misuse of a ctx.
package durable_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.ReplayToo(), testkit.Children(children))
}
