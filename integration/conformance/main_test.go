// Package conformance_test runs scenarios on the runner of package restatetest and on a real
// restate-server, and compares what comes of them: answers, state, invocations, and journals
// entry by entry.
package conformance_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/restatetest"
)

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.After(restatetest.StopServers))
}
