// Package docs_test tests that what the documents show compiles, runs and is complete.
package docs_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
