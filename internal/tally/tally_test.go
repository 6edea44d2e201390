package tally_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/internal/tally"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/logging"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestTheFirstIsToldAtOnceAndTheOthersByTheirNumber(t *testing.T) {
	t.Parallel()
	told := make(chan string, 100)
	tallied := &tally.Tally{Write: func(count int, last error) { told <- fmt.Sprint(count, " ", last) }}
	tallied.Note(errors.New("first"))
	require.Equal(t, "1 first", testkit.Receive(t, told))
	for range 1000 {
		tallied.Note(errors.New("again"))
	}
	require.Regexp(t, "^[0-9]+ again$", testkit.Receive(t, told))
	tallied.Flush()
	tallied.Flush()
	tallied.Note(errors.New("later"))
	for got := ""; got != "1 later"; got = testkit.Receive(t, told) {
	}
	tallied.Flush()
	require.Empty(t, told)
	new(tally.Tally).Note(errors.New("discarded"))
}

func TestErrorsOfClientsAreCountedAndPanicsAreNot(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.WarnLevel)
	server := tally.NewServerLog(slog.New(logging.NewHandler(zap.New(core), logging.Config{})))
	log := server.Logger()
	const strangers = 1000
	for i := range strangers {
		log.Printf("http: TLS handshake error from 192.0.2.1:%d: EOF\n", i)
	}
	for range 3 {
		log.Print("http: panic serving 192.0.2.1:1: a bug\ngoroutine 1 [running]:")
		log.Print("http2: panic serving 192.0.2.1:1: a bug\ngoroutine 1 [running]:")
	}
	server.Flush()
	counted := 0
	told := lines.FilterMessage("errors of connections").All()
	for _, line := range told {
		counted += int(line.ContextMap()["errors"].(int64))
	}
	require.Equal(t, strangers, counted)
	require.Less(t, len(told), strangers/10)
	require.Equal(t, "http: TLS handshake error from 192.0.2.1:0: EOF", told[0].ContextMap()["last"])
	require.Equal(t, 6, lines.Len()-len(told), "each panic has a line")
}
