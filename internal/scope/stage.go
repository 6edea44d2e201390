package scope

import "context"

// StageKey is the key under which the context of a stage that must not journal (a
// guard, a filter, an observer) has the stage's name.
type StageKey struct{}

// StageOf returns the name of the stage that ctx was given to, or "".
func StageOf(ctx context.Context) string {
	stage, _ := ctx.Value(StageKey{}).(string)
	return stage
}
