package logging_test

import (
	"context"
	"log/slog"

	sdklog "github.com/restatedev/sdk-go/logging"
	"go.uber.org/zap"

	"github.com/fxrestate/go/logging"
)

func Example() {
	// One zap logger for all: the application's, the SDK's and the handlers'.
	zapLogger := zap.NewExample()
	h := logging.NewHandler(zapLogger, logging.Config{})
	log := slog.New(h)

	log.Info("listening", "port", 9080)

	// Handlers give the logger their ctx, here one as the SDK makes it. While they
	// replay nothing is written.
	for _, replaying := range []bool{true, false} {
		ctx := sdklog.WithLogContext(context.Background(), &sdklog.LogContext{Source: sdklog.LogSourceUser, IsReplaying: replaying})
		log.InfoContext(ctx, "charged", "amount", 100)
	}
	// Output:
	// {"level":"info","msg":"listening","port":9080}
	// {"level":"info","msg":"charged","amount":100}
}
