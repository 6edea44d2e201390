package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/examples/shop/notifications"
	"github.com/fxrestate/go/examples/shop/payments"
)

// tour has requests to try, in order.
func tour(signed *payments.Signature) []requests.Request {
	settled := `{"id":"event-1","type":"charge.settled","order":"1"}`
	signature := payments.SignatureHeader + ": " + signed.Of([]byte(settled))
	return []requests.Request{
		{Title: "greet somebody", Method: http.MethodGet, Path: "/greetings/Ada"},
		{Title: "charge a card, once for the key", Path: "/charges", Body: `{"customer":"ada@mail.com","amount":250}`, Header: []string{"Idempotency-Key: 1"}},
		{Title: "a charge above the limit is refused by a guard", Path: "/charges", Body: `{"customer":"ada@mail.com","amount":10001}`},
		{Title: "a card that is declined", Path: "/charges", Body: `{"customer":"broke","amount":250}`},
		{Title: "refund what was never charged", Path: "/refunds", Body: `{"transactionId":"none"}`},
		{Title: "sign up: the log has the mail with the code", Method: http.MethodPut, Path: "/signups/ada", Body: `{"name":"Ada","email":"ada@mail.com"}`},
		{Title: "raise a price", Method: http.MethodPatch, Path: "/products/cup", Body: `{"percent":10}`},
		{Title: "put something into a cart, at that price", Path: "/carts/ada@mail.com/items", Body: `{"sku":"cup","quantity":2}`},
		{Title: "what is in it costs", Method: http.MethodGet, Path: "/carts/ada@mail.com/total"},
		{Title: "order it", Method: http.MethodPut, Path: "/orders/1", Body: `{"customer":"ada@mail.com"}`},
		{Title: "the bank's webhook", Path: "/webhooks/bank", Body: settled, Header: []string{signature}},
	}
}

// demo makes the tour, with the code that is in the mail, and waits for the order.
func demo(ctx context.Context, url string, signed *payments.Signature, mailer *notifications.Mailer) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	before, after := splitBefore(tour(signed), "/products/cup")
	if err := requests.Send(ctx, os.Stdout, url, before); err != nil {
		return err
	}
	code, err := written(ctx, mailer, "Your code: ")
	if err != nil {
		return err
	}
	submit := requests.Request{Title: "submit the code", Path: "/signups/ada/code", Body: fmt.Sprintf(`{"code":%q}`, code)}
	if err := requests.Send(ctx, os.Stdout, url, append([]requests.Request{submit}, after...)); err != nil {
		return err
	}
	if _, err := written(ctx, mailer, "Thank you for order "); err != nil {
		return err
	}
	return requests.Send(ctx, os.Stdout, url, []requests.Request{
		{Title: "the order", Method: http.MethodGet, Path: "/orders/1"},
		{Title: "the customer's points", Method: http.MethodGet, Path: "/customers/ada@mail.com/points"},
	})
}

func splitBefore(all []requests.Request, path string) (before, after []requests.Request) {
	for i, r := range all {
		if r.Path == path {
			return all[:i], all[i:]
		}
	}
	return all, nil
}

// written waits for a mail to Ada, and returns its text behind the prefix.
func written(ctx context.Context, mailer *notifications.Mailer, prefix string) (string, error) {
	for {
		for _, text := range mailer.Texts("ada@mail.com") {
			if rest, ok := strings.CutPrefix(text, prefix); ok {
				return rest, nil
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("the mail %q: %w", prefix, context.Cause(ctx))
		}
	}
}
