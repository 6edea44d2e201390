// Package logging connects the SDK's logging, which is log/slog, to zap or to a
// slog.Handler of the application. It also drops lines that a handler logs while it
// replays: a handler runs again on every attempt, but each line should be logged once.
//
//	h := logging.NewHandler(zapLogger, logging.Config{})
//	log := slog.New(h)
//
// Package fxrestate makes one such handler from the application's slog.Handler or
// *zap.Logger, and provides a *slog.Logger that uses it. Pass the ctx of the Restate
// handler to that logger (log.InfoContext(ctx, "charged")), or use ctx.Log(), or the
// *zap.Logger that [From] returns. Such lines name the invocation. A logger that is not
// given the ctx does not know of replay: it writes its lines again on each one.
//
// # Which lines stand once
//
// An attempt replays until it has taken all that the journal has from earlier ones, and
// then goes on with what is new. So a line with the ctx stands once if an operation after
// it is in the journal: a step that has begun, a sleep, a call, a state change. If the
// attempt ends before, by an error or with its process, the next one logs again what came
// after the last operation. The lines of a step stand once for each execution of it: a step
// that fails, or whose process is killed, is executed again.
//
// [NewConsole] is a slog.Handler for people at a terminal, and [Default] what an
// application without a logger gets.
//
// See https://docs.restate.dev/develop/go/logging.
package logging
