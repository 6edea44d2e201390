package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// workload returns the path and the body of the nth request.
type workload func(n int64) (path string, body []byte)

// load sends a workload in a closed loop and returns the sorted latencies.
func load(ctx context.Context, client *http.Client, ingress string, callers, n int, w workload) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	latencies := make([]time.Duration, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				path, body := w(i)
				began := time.Now()
				if err := post(ctx, client, ingress+path, body); err != nil {
					cancel(err)
					return
				}
				latencies[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	slices.Sort(latencies)
	return latencies, nil
}

func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	_, err := postFor(ctx, client, url, body)
	return err
}

// postFor returns the body of the response.
func postFor(ctx context.Context, client *http.Client, url string, body []byte) ([]byte, error) {
	req, err := newPost(ctx, url, body)
	if err != nil {
		return nil, err
	}
	return do(client, req)
}

func newPost(ctx context.Context, url string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err == nil && len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	_, err = do(client, req)
	return err
}

func do(client *http.Client, req *http.Request) ([]byte, error) {
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s: status %d: %s", req.URL, res.StatusCode, out)
	}
	return out, nil
}

// newClient makes an HTTP client for many callers.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024}}
}

func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
