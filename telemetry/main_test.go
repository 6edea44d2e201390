package telemetry_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

// server has the spans of the package's restate-server.
var server *collector

func TestMain(m *testing.M) {
	server = newCollector() // until the server has ended, after the tests
	testkit.Main(m, testkit.Children(children), testkit.ServerEnv(func(string) (map[string]string, error) { return server.env(), nil }))
}
