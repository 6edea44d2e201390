package fxrestate

import (
	"fmt"
	"log"
	"reflect"

	"go.uber.org/zap"

	"github.com/fxrestate/go/handler"
)

// plainLoggers names the fields of a service that are loggers which take no ctx: what a
// handler writes with them is written again on each replay.
func plainLoggers(desc *handler.Descriptor) (errs []error) {
	t := structOf(desc.Type)
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		switch f.Type {
		case reflect.TypeFor[*zap.Logger](), reflect.TypeFor[*zap.SugaredLogger](), reflect.TypeFor[*log.Logger]():
			errs = append(errs, fmt.Errorf("fxrestate: %s%s: the field %s is a %s, which takes no ctx, so that its lines are written again on each replay and do not name the invocation; use logging.From(ctx), or a *slog.Logger with the ctx", t, at(desc.Position), f.Name, f.Type))
		}
	}
	return errs
}
