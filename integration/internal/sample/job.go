package sample

import (
	"errors"
	"sync"

	restate "github.com/restatedev/sdk-go"
)

// Job has two handlers that count how often they are tried, and fail until told
// otherwise.
type Job struct {
	mu      sync.Mutex
	tries   map[string]int
	succeed bool
}

// NewJob returns a job that fails.
func NewJob() *Job { return &Job{tries: map[string]int{}} }

func (j *Job) Plain(restate.Context) error   { return j.try("Plain") }
func (j *Job) Special(restate.Context) error { return j.try("Special") }

func (j *Job) try(handler string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tries[handler]++
	if j.succeed {
		return nil
	}
	return errors.New("not now")
}

// Tried returns how often a handler was tried.
func (j *Job) Tried(handler string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.tries[handler]
}

// Succeed lets all tries succeed from now on.
func (j *Job) Succeed() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.succeed = true
}
