// Command older is an application of a fxrestate that cannot describe itself: it would serve.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/fxrestate/go/endpoint"
)

func main() {
	e, err := endpoint.New(endpoint.Config{Addr: "127.0.0.1:0"}, slog.DiscardHandler)
	if err == nil {
		err = e.Start(context.Background())
	}
	fmt.Println("serving", err)
	if len(os.Args) > 1 {
		_ = os.WriteFile(os.Args[1], nil, 0o644)
	}
}
