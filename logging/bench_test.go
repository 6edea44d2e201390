package logging_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/logging"
)

// BenchmarkLine is a line with two attributes: dropped on replay, through slog and as its
// zap twin, and written as JSON by plain zap and through slog to zap.
func BenchmarkLine(b *testing.B) {
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel))
	h := logging.NewHandler(log, logging.Config{})
	bySlog := slog.New(h)
	ctx := context.Background()
	for name, line := range map[string]func(){
		"dropped": func() { bySlog.InfoContext(replay, "line", "amount", 100, "currency", "EUR") },
		"zap":     func() { log.Info("line", zap.Int("amount", 100), zap.String("currency", "EUR")) },
		"slog": func() {
			bySlog.LogAttrs(ctx, slog.LevelInfo, "line", slog.Int("amount", 100), slog.String("currency", "EUR"))
		},
		"twin": func() { h.Zap(ctx).Info("line", zap.Int("amount", 100), zap.String("currency", "EUR")) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				line()
			}
		})
	}
}
