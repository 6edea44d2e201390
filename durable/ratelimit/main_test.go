package ratelimit_test

import (
	"testing"

	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/restatetest"
)

func TestMain(m *testing.M) { testkit.Main(m, testkit.After(restatetest.StopServers)) }
