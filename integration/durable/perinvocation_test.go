package durable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Tenants is a singleton that Tenant, which is made for each attempt, needs.
type Tenants struct{ made atomic.Int32 }

type Tenant struct {
	Name   string
	Number int32
}

// NewTenant finds the tenant of an invocation by its header.
func NewTenant(ctx restate.Context, all *Tenants) (*Tenant, error) {
	n := all.made.Add(1)
	name := durable.Header(ctx, "x-tenant")
	if name == "" {
		return nil, restate.ToTerminalError(fmt.Errorf("no tenant, try %d", n), restate.WithErrorCode(http.StatusForbidden))
	}
	return &Tenant{name, n}, nil
}

// Audit is a collaborator that has the tenant, too.
type Audit struct {
	tenant durable.PerInvocation[*Tenant]
}

func NewAudit(tenant durable.PerInvocation[*Tenant]) *Audit { return &Audit{tenant} }

func (a *Audit) Tenant(ctx context.Context) (*Tenant, error) { return a.tenant.Get(ctx) }

// Shop asks for its tenant in several ways.
type Shop struct {
	tenant durable.PerInvocation[*Tenant]
	audit  *Audit
	fails  atomic.Int32
}

func NewShop(tenant durable.PerInvocation[*Tenant], audit *Audit) *Shop {
	return &Shop{tenant: tenant, audit: audit}
}

// Sell reports the tenant as the handler, a collaborator and a step see it.
func (s *Shop) Sell(ctx restate.Context) (string, error) {
	own, err := s.tenant.Get(ctx)
	if err != nil {
		_, again := s.audit.Tenant(ctx)
		return "", errors.Join(err, notSame(err, again))
	}
	others, err := s.audit.Tenant(context.WithValue(ctx, clerk{}, "Ada"))
	if err != nil {
		return "", err
	}
	return restate.Run(ctx, func(rc restate.RunContext) (string, error) {
		inside, err := s.tenant.Get(rc)
		return fmt.Sprintf("%s %t %t", own.Name, own == others, own == inside), err
	})
}

func notSame(a, b error) error {
	if a == b { //nolint:errorlint // the very same error is what is tested
		return nil
	}
	return restate.TerminalErrorf("another error: %v", b)
}

// Late asks for the tenant inside a step first.
func (s *Shop) Late(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(rc restate.RunContext) (string, error) {
		_, err := s.tenant.Get(rc)
		if !errors.Is(err, durable.ErrInsideRun) {
			return "", restate.TerminalErrorf("not ErrInsideRun: %v", err)
		}
		return err.Error(), nil
	})
}

// Retry fails once, and reports the numbers of the tenants.
func (s *Shop) Retry(ctx restate.Context) ([2]int32, error) {
	tenant, err := s.tenant.Get(ctx)
	if err != nil {
		return [2]int32{}, err
	}
	first, err := restate.Run(ctx, func(restate.RunContext) (int32, error) { return tenant.Number, nil })
	if err != nil {
		return [2]int32{}, err
	}
	if s.fails.Add(1) == 1 {
		return [2]int32{}, errors.New("once more")
	}
	return [2]int32{first, tenant.Number}, nil
}

func startShop(t *testing.T) (*Tenants, *Audit, string) {
	tenants, name := &Tenants{}, testkit.Unique("shop")
	var audit *Audit
	testkit.Start(t,
		fx.Supply(tenants),
		fx.Provide(NewAudit),
		fxrestate.PerInvocation[*Tenant](NewTenant),
		fxrestate.Service[*Shop](NewShop, fxrestate.Name(name), testkit.RetrySoon()),
		fx.Populate(&audit),
	)
	return tenants, audit, name
}

func TestPerInvocationValueIsSharedWithinAnAttempt(t *testing.T) {
	t.Parallel()
	_, _, name := startShop(t)
	require.Equal(t, "acme true true", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Sell"), nil, "X-Tenant", "acme")))
	require.Equal(t, "initech true true", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Sell"), nil, "X-Tenant", "initech")))
}

func TestPerInvocationConstructorRunsOncePerAttempt(t *testing.T) {
	t.Parallel()
	tenants, _, name := startShop(t)
	numbers := testkit.Decode[[2]int32](t, testkit.Post(t, testkit.Path(name, "Retry"), nil, "X-Tenant", "acme"))
	require.Less(t, numbers[0], numbers[1], "another attempt has a tenant of its own")
	if !testkit.AlwaysReplay() {
		require.EqualValues(t, 2, tenants.made.Load())
	}
}

func TestPerInvocationErrorIsSharedWithinAnAttempt(t *testing.T) {
	t.Parallel()
	tenants, _, name := startShop(t)
	require.Equal(t, testkit.Failure{Code: http.StatusForbidden, Message: "no tenant, try 1", Source: "invocation"}, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Sell"), nil)))
	require.EqualValues(t, 1, tenants.made.Load())
}

func TestPerInvocationValueCannotBeMadeInsideAStepNorOutsideAHandler(t *testing.T) {
	t.Parallel()
	tenants, audit, name := startShop(t)
	require.Contains(t, testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Late"), nil, "X-Tenant", "acme")), "*durable_test.Tenant")
	_, err := audit.Tenant(t.Context())
	require.ErrorIs(t, err, durable.ErrNoInvocation)
	require.ErrorContains(t, err, "*durable_test.Tenant")
	require.Zero(t, tenants.made.Load())

	_, err = durable.PerInvocation[*Tenant]{}.Get(t.Context())
	require.ErrorContains(t, err, "was not injected; add fxrestate.PerInvocation[*durable_test.Tenant] to the application")
}

func TestPerInvocationConstructorsThatDoNotFitAreErrorsOfNew(t *testing.T) {
	t.Parallel()
	for name, constructor := range map[string]any{
		"nil":             nil,
		"no function":     "NewTenant",
		"a nil function":  (func(restate.Context) *Tenant)(nil),
		"no context":      func(*Tenants) *Tenant { return nil },
		"no parameter":    func() *Tenant { return nil },
		"context second":  func(*Tenants, context.Context) *Tenant { return nil },
		"variadic":        func(context.Context, ...*Tenants) *Tenant { return nil },
		"no result":       func(context.Context) {},
		"another result":  func(context.Context) *Tenants { return nil },
		"no error":        func(context.Context) (*Tenant, string) { return nil, "" },
		"too many":        func(context.Context) (*Tenant, *Tenant, error) { return nil, nil, nil },
		"a write context": func(restate.ObjectContext) *Tenant { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := testkit.NewError(t, fx.Supply(testkit.Config(), &Tenants{}), fxrestate.PerInvocation[*Tenant](constructor))
			require.ErrorContains(t, err, "fxrestate: PerInvocation[*durable_test.Tenant] (perinvocation_test.go:")
		})
	}
}

func TestPerInvocationConstructorsDependenciesAreThoseOfTheGraph(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t, fx.Supply(testkit.Config()),
		fxrestate.PerInvocation[*Tenant](NewTenant),
		fx.Invoke(func(durable.PerInvocation[*Tenant]) {}))
	require.ErrorContains(t, err, "missing type: *durable_test.Tenants")
}
