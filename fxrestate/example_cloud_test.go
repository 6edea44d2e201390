package fxrestate_test

import (
	"fmt"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// An application of an environment of Restate Cloud, which reaches the endpoint through
// a tunnel.
func ExampleCloud() {
	cloud := fxrestate.Cloud{
		EnvironmentID: "env_20d1231jyphzkm8",
		Region:        "eu",
		Token:         "key_example", // keep it out of the source: see ConfigFromEnv
		IdentityKey:   "publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f",
		Tunnel:        "test-tunnel",
	}
	app := fx.New(
		fxrestate.Module,
		fx.Supply(fxrestate.Config{Cloud: &cloud}),
		fx.Supply(zap.NewNop()),
		fx.Invoke(func(calls *ingress.Client, server *admin.Client) {
			fmt.Println(calls.URL())
			fmt.Println(server.URL())
		}),
	)
	fmt.Println(app.Err())

	fmt.Println(cloud.TunnelURL("http://localhost:9080")) // for: restate deployments register
	// Output:
	// https://20d1231jyphzkm8.env.eu.restate.cloud:8080
	// https://20d1231jyphzkm8.env.eu.restate.cloud:9070
	// <nil>
	// https://tunnel.eu.restate.cloud:9080/20d1231jyphzkm8/test-tunnel/http/localhost/9080 <nil>
}
