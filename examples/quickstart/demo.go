package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// demo sends the requests that the application prints and shows the responses.
func demo(ctx context.Context, shop *API, packing time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, packing+5*time.Minute)
	defer cancel()
	order := newOrderID()
	customer := "demo-" + strings.ToLower(order)

	if _, err := request(ctx, http.MethodPost, shop.URL()+"/carts/"+customer+"/items", Item{SKU: "teapot", Quantity: 2, Price: 1950}); err != nil {
		return err
	}
	if _, err := request(ctx, http.MethodPut, shop.URL()+"/orders/"+order, PlaceOrder{Customer: customer}); err != nil {
		return err
	}
	for last := ""; ; {
		body, err := get(ctx, shop.URL()+"/orders/"+order)
		if err != nil {
			return err
		}
		var status OrderStatus
		if err := json.Unmarshal(body, &status); err != nil {
			return fmt.Errorf("status of the order: %w", err)
		}
		if status.Step != last {
			fmt.Printf("GET /orders/%s\n  %s\n", order, body)
			last = status.Step
		}
		if status.Step == "shipped" {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the order is still %q: %w", last, context.Cause(ctx))
		}
	}
}

func request(ctx context.Context, method, url string, in any) ([]byte, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	out, status, err := do(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	fmt.Printf("%s %s %s\n  %s\n", method, url, body, bytes.TrimSpace(out))
	if status >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: status %d", method, url, status)
	}
	return out, nil
}

// get reads a status, which exists as soon as the order has started.
func get(ctx context.Context, url string) ([]byte, error) {
	for {
		out, status, err := do(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		switch {
		case status == http.StatusOK:
			return out, nil
		case status != http.StatusNotFound:
			return nil, fmt.Errorf("GET %s: status %d: %s", url, status, out)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func do(ctx context.Context, method, url string, body io.Reader) ([]byte, int, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, 0, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	return out, res.StatusCode, err
}
