// Package lifecycle_test tests configuration, registration, serving, logging and stops of applications.
package lifecycle_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, testkit.ReplayToo()) }
