// Package calls_test tests typed clients, and calls by names, from handler to handler.
package calls_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, testkit.ReplayToo()) }
