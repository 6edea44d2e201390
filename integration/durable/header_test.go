package durable_test

import (
	"context"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// HeaderDesk looks for the tenant in every place below a handler.
type HeaderDesk struct{ desk rpc.Service[*HeaderDesk] }

func NewHeaderDesk(desk rpc.Service[*HeaderDesk]) *HeaderDesk { return &HeaderDesk{desk} }

// HeaderInput declares the header.
type HeaderInput struct {
	handler.In

	Tenant string `header:"x-TENANT"`
}

var lookForTenant = durable.NewStep[string]("look-for-tenant")

func (*HeaderDesk) Look(ctx restate.Context, in HeaderInput) (string, error) {
	tenant := func(ctx context.Context) string { return durable.Header(ctx, "X-tenant") }
	found := []string{in.Tenant, tenant(ctx), tenant(context.WithValue(ctx, clerk{}, "Ada"))}
	step, err := lookForTenant.Run(ctx, func(ctx context.Context) (string, error) {
		below, cancel := context.WithCancel(ctx)
		defer cancel()
		return tenant(ctx) + " " + tenant(below), nil
	})
	if err != nil {
		return "", err
	}
	run, err := restate.Run(ctx, func(rc restate.RunContext) (string, error) { return tenant(rc) + " " + tenant(ctx), nil })
	return strings.Join(append(found, step, run, tenant(ctx)), " "), err
}

// Ask calls Look with the header as a program writes it.
func (d *HeaderDesk) Ask(ctx restate.Context) (string, error) {
	return rpc.Call(ctx, d.desk, (*HeaderDesk).Look, HeaderInput{},
		restate.WithHeaders(map[string]string{"X-Tenant": durable.Header(ctx, "x-tenant")}))
}

func TestAHeaderIsFoundWhateverItsCaseEverywhereBelowAHandler(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("header-desk")
	seen := make(chan string, 100)
	testkit.Start(t, fxrestate.Service[*HeaderDesk](NewHeaderDesk, fxrestate.Name(name),
		fxrestate.Guards(pipeline.GuardFunc(func(ctx context.Context, inv *pipeline.Invocation) (bool, error) {
			return durable.Header(ctx, "X-TENANT") == "acme" && inv.Header("X-TENANT") == "acme", nil
		})),
		fxrestate.Interceptors(pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			seen <- durable.Header(ctx, "X-TENANT") + " " + inv.Header("X-TENANT")
			return next(ctx, inv)
		}))))
	everywhere := strings.TrimSpace(strings.Repeat("acme ", 8))
	for how, path := range map[string]string{"from outside": "Look", "from another handler, in another case": "Ask"} {
		t.Run(how, func(t *testing.T) {
			require.Equal(t, everywhere, testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, path), nil, "X-Tenant", "acme")))
			require.Equal(t, "acme acme", testkit.Receive(t, seen))
		})
	}
}

func TestThereIsNoHeaderOutsideAHandler(t *testing.T) {
	t.Parallel()
	require.Empty(t, durable.Header(t.Context(), "x-tenant"))
}
