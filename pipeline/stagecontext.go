package pipeline

import (
	"context"

	"github.com/fxrestate/go/internal/scope"
)

// The stages that get a plain context. See [StageOf].
const (
	stageGuard    = "guard"
	stageFilter   = "filter"
	stageObserver = "observer"
)

// stageContext is the context of a stage that must not journal: it has the
// deadline and the values of the invocation's context and none of its methods.
type stageContext struct {
	context.Context
	stage string
}

func (c *stageContext) Value(key any) any {
	if key == (scope.StageKey{}) {
		return c.stage
	}
	return c.Context.Value(key)
}

// lentContext is the attempt's context with the values that observers added to
// it, and with neither their deadlines nor their stage.
type lentContext struct {
	context.Context
	values context.Context
}

func (c *lentContext) Value(key any) any {
	if key == (scope.StageKey{}) {
		return nil
	}
	return c.values.Value(key)
}

// StageOf returns "guard", "filter" or "observer" when ctx was given to one, and
// "" for any other context. Whoever hands out the Restate context that belongs to a
// context.Context asks here first: these stages must not journal, since what
// they decide is not journaled either.
func StageOf(ctx context.Context) string {
	return scope.StageOf(ctx)
}
