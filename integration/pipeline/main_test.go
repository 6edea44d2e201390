// Package pipeline_test tests guards, interceptors, pipes, filters and observers around handlers.
package pipeline_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, testkit.ReplayToo()) }
