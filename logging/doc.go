// Package logging joins the SDK's logging, which is log/slog, to zap, and keeps
// replay out of the log: a handler runs again on every attempt, and its lines
// should not.
//
//	h := logging.NewHandler(zapLogger.Core(), logging.Config{})
//	log := slog.New(h)
//
// Package fxrestate makes one such handler from the application's *zap.Logger and
// provides a *slog.Logger on it; give that logger the handler's ctx
// (log.InfoContext(ctx, "charged")) or use ctx.Log().
//
// See https://docs.restate.dev/develop/go/logging.
package logging
