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
// [NewConsole] is a slog.Handler for people at a terminal, and [Default] what an
// application without a logger gets.
//
// See https://docs.restate.dev/develop/go/logging.
package logging
