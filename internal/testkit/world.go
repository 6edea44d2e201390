package testkit

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// World is what handlers have effects on. It is in the process of the test, so
// that it outlives the application.
type World struct {
	*httptest.Server
	mu      sync.Mutex
	counts  map[string]int
	blocked map[string]*block
}

// block is an effect that does not end before it is released.
type block struct {
	arrived  chan struct{} // gets a value each time the effect begins
	released chan struct{} // closed
}

// NewWorld starts a world that ends with the test.
func NewWorld(t testing.TB) *World {
	w := &World{counts: map[string]int{}, blocked: map[string]*block{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(func() {
		w.ReleaseAll()
		w.Close()
	})
	return w
}

// ServeHTTP counts the effect that the path names.
func (w *World) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	effect := r.URL.Path[1:]
	w.mu.Lock()
	w.counts[effect]++
	b := w.blocked[effect]
	w.mu.Unlock()
	if b != nil {
		b.arrived <- struct{}{}
		select {
		case <-b.released:
		case <-r.Context().Done():
		}
	}
}

// Count returns how often an effect took place.
func (w *World) Count(effect string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[effect]
}

// Block makes an effect wait for release. The channel gets a value each time the
// effect begins.
func (w *World) Block(effect string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := &block{make(chan struct{}, 100), make(chan struct{})}
	w.blocked[effect] = b
	return b.arrived
}

// Release lets a blocked effect and all later ones pass.
func (w *World) Release(effect string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b := w.blocked[effect]; b != nil {
		close(b.released)
		delete(w.blocked, effect)
	}
}

// ReleaseAll lets all effects pass.
func (w *World) ReleaseAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for effect, b := range w.blocked {
		close(b.released)
		delete(w.blocked, effect)
	}
}

// Outside is the world as handlers see it.
type Outside struct{ URL string }

// Effect has an effect on the world.
func (o Outside) Effect(ctx context.Context, name string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.URL+"/"+name, http.NoBody)
	if err != nil {
		return err
	}
	res, err := HTTPClient().Do(req)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("effect %s: %s", name, res.Status)
	}
	return nil
}
