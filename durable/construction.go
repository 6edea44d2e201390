package durable

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/scope"
)

// constructions are the constructors of [PerInvocation] that run or have run during an
// attempt, by their providers.
type constructions struct {
	mu sync.Mutex
	by map[any]*construction
}

// construction is the run of one constructor.
type construction struct {
	of    reflect.Type
	done  chan struct{} // closed when value and err are there
	value any
	err   error
	again bool // who waited for it begins another one
	// needs are other constructions that the constructor waited for.
	needs []*construction
}

// constructionKey finds the construction that a context was made for.
type constructionKey struct{}

func constructionsOf(s *scope.Scope) *constructions {
	type key struct{}
	if all, ok := s.Load(key{}); ok {
		return all.(*constructions)
	}
	return s.LoadOrStore(key{}, &constructions{by: map[any]*construction{}}).(*constructions)
}

// made returns the construction of a provider if it is done, or nil.
func (a *constructions) made(provider any) *construction {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.by[provider]; c != nil && c.isDone() {
		return c
	}
	return nil
}

// begin returns the construction of a provider. The first caller runs it, and the others
// wait for it. It is an error if a construction would wait for itself.
func (a *constructions) begin(ctx context.Context, provider any, of reflect.Type) (c *construction, first bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c = a.by[provider]
	if first = c == nil; first {
		// This is the outcome if the constructor panics.
		c = &construction{of: of, done: make(chan struct{}), err: fmt.Errorf("durable: %s: its constructor did not return", of)}
		a.by[provider] = c
	}
	by, _ := ctx.Value(constructionKey{}).(*construction)
	if by == nil || c.isDone() {
		return c, first, nil
	}
	if path := c.pathTo(by); path != nil {
		return nil, false, fmt.Errorf("durable: %s: its constructor needs what is made by itself: %s; take the dependency out of one of these constructors",
			of, strings.Join(append(path, of.String()), " needs "))
	}
	by.needs = append(by.needs, c)
	return c, first, nil
}

// end wakes the callers that wait. If a guard, a filter or a step could not construct it,
// because it must not journal, others may try again: who waited does so at once.
func (a *constructions) end(provider any, c *construction) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if errors.Is(c.err, ErrInsideStage) || errors.Is(c.err, ErrInsideRun) {
		c.again = true
		delete(a.by, provider)
	}
	close(c.done)
}

func (c *construction) isDone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// pathTo names the constructions from c to one that it waits for, or returns nil. It
// ends because no construction waits for itself.
func (c *construction) pathTo(other *construction) []string {
	if c == other {
		return []string{c.of.String()}
	}
	for _, need := range c.needs {
		if path := need.pathTo(other); path != nil {
			return append([]string{c.of.String()}, path...)
		}
	}
	return nil
}

// within returns the context for the constructor, a Restate context if ctx is one.
func (c *construction) within(ctx context.Context) context.Context {
	if own, ok := ctx.(restate.Context); ok {
		return restate.WithValue(own, constructionKey{}, c)
	}
	return context.WithValue(ctx, constructionKey{}, c)
}
