package admin_test

import (
	"context"
	"encoding/json"
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
		"SELECT id, status FROM sys_invocation WHERE target_service_key = ? AND status IN (?)", cart, []string{"paused", "backing-off"})
	fmt.Println(len(rows), err)
	// Output: 0 <nil>
}

func ExampleQuote() {
	fmt.Println("SELECT id FROM sys_invocation WHERE target_service_key = " + admin.Quote("alice's cart"))
	// Output: SELECT id FROM sys_invocation WHERE target_service_key = 'alice''s cart'
}

func ExampleQueryEach() {
	client, err := admin.New(admin.Config{URL: adminURL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	sum := 0
	for row, err := range admin.QueryEach[struct{ N int }](context.Background(), client, "SELECT value AS n FROM generate_series(1, ?)", 1000) {
		if err != nil {
			fmt.Println(err)
			return
		}
		sum += row.N
	}
	fmt.Println(sum)
	// Output: 500500
}

func ExampleClient_Batch() {
	client, err := admin.New(admin.Config{URL: adminURL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	filter := admin.InvocationFilter{Services: []string{"checkout"}}
	planned, err := client.Batch(context.Background(), admin.OperationCancel, filter, admin.BatchOptions{DryRun: true})
	fmt.Println(len(planned.IDs), err)
	_, err = client.Batch(context.Background(), admin.OperationCancel, admin.InvocationFilter{}, admin.BatchOptions{})
	fmt.Println(err)
	// Output:
	// 0 <nil>
	// admin: the filter of a batch restricts nothing: set a field of it, or BatchOptions.All for the invocations of all services
}

func ExampleCheckInvocationID() {
	fmt.Println(admin.CheckInvocationID("inv_1ca6DV4BApIF1najoS4yfOIYQtFiVfvW2"))
	fmt.Println(admin.CheckInvocationID("inv_1ca6DV4BApIF1najoS4yfOIYQtFiVfvW21"))
	// Output:
	// admin: "inv_1ca6DV4BApIF1najoS4yfOIYQtFiVfvW2" is not the id of an invocation, which is inv_1 with 33 letters and digits behind it: bad length
	// <nil>
}

func ExampleStateVersion() {
	state := map[string]json.RawMessage{"name": json.RawMessage("bob")}
	fmt.Println(admin.StateVersion(state))
	// Output: tDqA04Lj3_qJ-PgNPTecXDGZgpwy6jm2Ni2BYqJIthM
}

func ExampleVersion_Compare() {
	version := admin.Version{Version: "1.7.12"} // of [admin.Client.Version]
	order, err := version.Compare("1.8.0")
	fmt.Println(order < 0, err)
	// Output: true <nil>
}
