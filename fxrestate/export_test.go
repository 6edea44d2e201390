package fxrestate

import (
	"context"

	"go.uber.org/fx"
)

// WarmUpAfterRegistration replaces what warms up after a registration.
func WarmUpAfterRegistration(warmUp func(context.Context) error) fx.Option {
	return fx.Decorate(func(l *lifecycle) *lifecycle {
		l.warmUp = warmUp
		return l
	})
}
