package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// host is a server, or a node of a cluster.
type host interface {
	AdminURL() string
	EndpointHost() string
}

// process is a running application.
type process struct {
	started
	suffix string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
}

// startProcess runs an application and waits until it is ready.
func startProcess(ctx context.Context, server host, s spec) (*process, error) {
	s.AdminURL, s.Host = server.AdminURL(), server.EndpointHost()
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	binary := os.Getenv(binaryEnv)
	if binary == "" {
		if binary, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	p := &process{suffix: s.Suffix, cmd: exec.CommandContext(ctx, binary)}
	p.cmd.Env = append(os.Environ(), appEnv+"="+string(text))
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(out)
	if os.Getenv("FXRESTATE_BENCH_LOG") != "" {
		p.cmd.Stderr = os.Stderr
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.out.Decode(&p.started); err != nil {
		_ = p.stop()
		return nil, fmt.Errorf("the application did not start (set FXRESTATE_BENCH_LOG=1 to see its log): %w", err)
	}
	return p, nil
}

// serve tells an application that stands by to serve, and waits until it does.
func (p *process) serve() error {
	if err := json.NewEncoder(p.in).Encode("serve"); err != nil {
		return err
	}
	return p.out.Decode(&p.started)
}

// usage asks the application for its usage so far.
func (p *process) usage() (usage, error) {
	if err := json.NewEncoder(p.in).Encode("usage"); err != nil {
		return usage{}, err
	}
	var u usage
	err := p.out.Decode(&u)
	return u, err
}

func (p *process) stop() error {
	_ = p.in.Close()
	return p.cmd.Wait()
}

// service returns the name of one of the application's services.
func (p *process) service(name string) string { return name + p.suffix }
