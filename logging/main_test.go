package logging_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) {
	// A server that traces tells each attempt of its trace. Nobody collects.
	testkit.Main(m, testkit.ServerEnv(func(string) (map[string]string, error) {
		return map[string]string{"RESTATE_TRACING_ENDPOINT": "otlp+http://127.0.0.1:9/v1/traces"}, nil
	}))
}
