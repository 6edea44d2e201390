// Package handlers_test tests how structs become handlers: their shapes, names, options, input and
// serialization, and the mistakes in them.
package handlers_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, testkit.ReplayToo()) }
