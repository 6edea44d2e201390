package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// arn is the address of the function, with its version.
const arn = "arn:aws:lambda:eu-central-1:123456789012:function:trials:1"

// longest is how long a function may work on an event.
const longest = 15 * time.Minute

// Platform stands in for AWS Lambda: it takes the calls of restate-server, as the API
// Invoke of AWS does, and passes the events to one process, as the API for runtimes does
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). The process is this
// program, which finds the platform in its environment.
type Platform struct {
	server *http.Server
	addr   string
	output io.Writer // of the process
	env    []string  // of the process
	saw    func(Event)

	mu       sync.Mutex
	count    int
	taken    map[string]*invocation // by id
	instance *instance
}

// invocation is an event that is, or will be, with the function.
type invocation struct {
	id     string
	event  []byte
	answer chan answer
}

// answer is what the function made of an event.
type answer struct {
	body   []byte
	failed bool
}

// instance is a process of the function.
type instance struct {
	process *exec.Cmd
	events  chan *invocation
	once    sync.Once
	ready   chan struct{} // closed when it asks for its first event
	ended   chan struct{} // closed when the process is gone
}

// NewPlatform starts a platform without a process. It calls saw with each event that was
// answered.
func NewPlatform(output io.Writer, saw func(Event), env ...string) (*Platform, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Platform{
		addr: l.Addr().String(), output: output, env: env, saw: saw, taken: map[string]*invocation{},
	}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /2015-03-31/functions/{arn}/invocations", p.invoke)
	routes.HandleFunc("GET /2018-06-01/runtime/invocation/next", p.next)
	routes.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{outcome}", p.answer)
	p.server = &http.Server{Handler: routes, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// ServerEnv has a restate-server find Lambda here.
func (p *Platform) ServerEnv() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_LAMBDA": "http://" + p.addr,
		"AWS_REGION":              "eu-central-1", "AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing",
	}
}

// Start starts the process of the function, and returns when it asks for events.
func (p *Platform) Start() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	i := &instance{
		process: exec.Command(program),
		events:  make(chan *invocation), ready: make(chan struct{}), ended: make(chan struct{}),
	}
	i.process.Env = append(append(os.Environ(), p.env...), runtimeVariable+"="+p.addr)
	i.process.Stdout, i.process.Stderr = p.output, p.output
	p.mu.Lock()
	p.instance = i
	p.mu.Unlock()
	if err := i.process.Start(); err != nil {
		close(i.ended)
		return fmt.Errorf("start the function: %w", err)
	}
	go func() {
		_ = i.process.Wait()
		close(i.ended)
	}()
	select {
	case <-i.ready:
		return nil
	case <-i.ended:
		return fmt.Errorf("start the function: it has ended: %s", i.process.ProcessState)
	}
}

// Kill kills the process. Lambda does so when it needs none, or another one.
func (p *Platform) Kill() {
	p.mu.Lock()
	i := p.instance
	p.mu.Unlock()
	if i != nil && i.process.Process != nil {
		_ = i.process.Process.Kill()
		<-i.ended
	}
}

// Close ends the process and the platform.
func (p *Platform) Close() {
	p.Kill()
	_ = p.server.Close()
}

// invoke takes an event from restate-server and waits for the function's answer.
func (p *Platform) invoke(w http.ResponseWriter, r *http.Request) {
	event, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.count++
	in := &invocation{id: strconv.Itoa(p.count), event: event, answer: make(chan answer, 1)}
	i := p.instance
	p.mu.Unlock()
	got, err := p.pass(r.Context(), in, i)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway) // the server tries again
		return
	}
	if got.failed {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	} else {
		p.saw(newEvent(event, got.body))
	}
	_, _ = w.Write(got.body)
}

func (p *Platform) pass(ctx context.Context, in *invocation, i *instance) (answer, error) {
	if i == nil {
		return answer{}, errors.New("the function does not run")
	}
	select {
	case i.events <- in:
	case <-i.ended:
		return answer{}, errors.New("the function has ended")
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	select {
	case got := <-in.answer:
		return got, nil
	case <-i.ended:
		return answer{}, errors.New("the function has ended before its answer")
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// next gives the function its next event. It asks for one when it has answered the last.
func (p *Platform) next(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	i := p.instance
	p.mu.Unlock()
	i.once.Do(func() { close(i.ready) })
	select {
	case in := <-i.events:
		p.mu.Lock()
		p.taken[in.id] = in
		p.mu.Unlock()
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", in.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(longest).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", arn)
		_, _ = w.Write(in.event)
	case <-r.Context().Done():
	}
}

// answer takes the function's answer to an event: its response, or its error.
func (p *Platform) answer(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	in := p.taken[r.PathValue("id")]
	delete(p.taken, r.PathValue("id"))
	p.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if in == nil || err != nil {
		http.Error(w, "no such event", http.StatusBadRequest)
		return
	}
	in.answer <- answer{body, r.PathValue("outcome") == "error"}
	w.WriteHeader(http.StatusAccepted)
}
