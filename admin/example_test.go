package admin_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// adminURL is the admin API of a running server. The default of the client is
// http://localhost:9070.
func adminURL() string { return testkit.Server().AdminURL() }

func Example() {
	ctx := context.Background()
	client, err := admin.New(admin.Config{URL: adminURL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	fmt.Println("healthy:", client.Health(ctx) == nil)

	_, err = client.Service(ctx, "checkout")
	var failed *admin.Error
	if errors.As(err, &failed) && failed.Status == 404 {
		fmt.Println(failed.Message)
	}
	// Output:
	// healthy: true
	// The requested service 'checkout' does not exist
}

func ExampleError() {
	client, err := admin.New(admin.Config{URL: adminURL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.RegisterDeployment(context.Background(), admin.RegisterDeploymentRequest{
		URI:   "http://127.0.0.1:1", // nothing listens there
		Force: true,
	})
	var failed *admin.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Status, failed.Code)
		fmt.Println("worth another try:", failed.Retryable())
	}
	// Output:
	// 500 META0003
	// worth another try: true
}

func ExampleQuery() {
	client, err := admin.New(admin.Config{URL: adminURL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	type row struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	cart := "alice's cart"
	rows, err := admin.Query[row](context.Background(), client,
		"SELECT id, status FROM sys_invocation WHERE target_service_key = "+admin.Quote(cart))
	fmt.Println(len(rows), err)
	// Output: 0 <nil>
}

func ExampleQuote() {
	fmt.Println("SELECT id FROM sys_invocation WHERE target_service_key = " + admin.Quote("alice's cart"))
	// Output: SELECT id FROM sys_invocation WHERE target_service_key = 'alice''s cart'
}
