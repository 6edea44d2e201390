// Package override is how the test kit changes an application that it runs. It stands at
// the bottom, so that package fxrestate, which the application consists of, need not know
// the kit.
package override

import "log/slog"

// App is what the kit puts into the graph of an application, as a *App. C is the
// application's configuration. An application that runs for itself has none.
//
// fx.Decorate would not do: it needs somebody who provides a C, and the application may
// have a decorator of its own.
type App[C any] struct {
	// Config returns the configuration that applies, made from the application's, which is
	// the zero value if it has none.
	Config func(C) C
	// Log takes the lines of an application that provides no logger.
	Log slog.Handler
}
