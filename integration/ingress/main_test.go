// Package ingress_test tests what comes from outside: the client of the graph, and bad input.
package ingress_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, testkit.ReplayToo()) }
