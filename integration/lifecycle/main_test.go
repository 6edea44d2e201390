// Package lifecycle_test tests configuration, registration, serving, logging and stops of applications.
package lifecycle_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

// signingKey is the key that the server signs requests with.
var signingKey testkit.SigningKey

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.ServerEnv(testkit.SigningServer(&signingKey)), testkit.ReplayToo())
}
