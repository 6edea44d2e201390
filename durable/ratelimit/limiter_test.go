package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"golang.org/x/time/rate"

	"github.com/fxrestate/go/durable/ratelimit"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/restatetest"
)

// slow is a token in an hour, so that no test meets the next one by accident.
var slow = ratelimit.Rate{Limit: rate.Every(time.Hour), Burst: 1}

// Shop is a service with limits.
type Shop struct{ limits ratelimit.Client }

func NewShop(limits ratelimit.Client) *Shop { return &Shop{limits} }

// Buy is what guards stand in front of.
func (s *Shop) Buy(_ restate.Context, what string) (string, error) { return what, nil }

// Twice takes a token and then tries again.
func (s *Shop) Twice(ctx restate.Context, key string) ([]bool, error) {
	bucket := s.limits.Bucket(key, slow)
	first, err := bucket.Allow(ctx)
	if err != nil {
		return nil, err
	}
	second, err := bucket.Allow(ctx)
	return []bool{first, second}, err
}

// Pace waits for each of n tokens, one in a second.
func (s *Shop) Pace(ctx restate.Context, n int) error {
	bucket := s.limits.Bucket("pace", ratelimit.Rate{Limit: 1, Burst: 1})
	for range n {
		if err := bucket.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Impatient waits for less long than it takes.
func (s *Shop) Impatient(ctx restate.Context, key string) error {
	bucket := s.limits.Bucket(key, slow)
	if err := bucket.Wait(ctx); err != nil {
		return err
	}
	return bucket.WaitN(ctx, 1, time.Minute)
}

// Tend does all else that a bucket can do.
func (s *Shop) Tend(ctx restate.Context, key string) (state ratelimit.State, err error) {
	bucket := s.limits.Bucket(key, slow)
	if err := bucket.SetRate(ctx, ratelimit.Rate{Limit: 2, Burst: 4}); err != nil {
		return state, err
	}
	if err := bucket.SetLimit(ctx, 0); err != nil {
		return state, err
	}
	if err := bucket.SetBurst(ctx, 3); err != nil {
		return state, err
	}
	if err := bucket.TakeN(ctx, 1); err != nil {
		return state, err
	}
	r, err := bucket.Reserve(ctx)
	if err != nil {
		return state, err
	}
	if err := r.Cancel(ctx); err != nil {
		return state, err
	}
	limit, err := bucket.Limit(ctx)
	if err != nil {
		return state, err
	}
	burst, err := bucket.Burst(ctx)
	if err != nil {
		return state, err
	}
	tokens, err := bucket.Tokens(ctx)
	return ratelimit.State{Rate: ratelimit.Rate{Limit: limit, Burst: burst}, Tokens: tokens}, err
}

// Guarded has a guard of each kind.
type Guarded struct{}

func (*Guarded) PerHandler(restate.Context) error { return nil }
func (*Guarded) PerTenant(restate.Context) error  { return nil }
func (*Guarded) Free(restate.Context) error       { return nil }

type outside struct{ ratelimit.Ingress }

func app(opts ...fx.Option) fx.Option {
	return appWith([]restate.ServiceDefinitionOption{restate.WithIngressPrivate(false)}, opts...)
}

func appWith(limits []restate.ServiceDefinitionOption, opts ...fx.Option) fx.Option {
	return fx.Options(
		fxrestate.Module,
		fxrestate.RateLimits(limits...),
		fxrestate.Service[*Shop](NewShop),
		fxrestate.Service[*Guarded](func() *Guarded { return &Guarded{} },
			fxrestate.Handler((*Guarded).PerHandler, fxrestate.Guards(ratelimit.Guard(slow, ratelimit.PerHandler))),
			fxrestate.Handler((*Guarded).PerTenant, fxrestate.Guards(ratelimit.Guard(slow, ratelimit.PerHeader("x-tenant")))),
			fxrestate.Handler((*Guarded).Free, fxrestate.Guards(ratelimit.Guard(slow, func(*pipeline.Invocation) string { return "" }))),
		),
		fx.Provide(func(c ratelimit.Ingress) *outside { return &outside{c} }),
		fx.Options(opts...),
	)
}

func TestWhatIsOverTheLimitIsNotAllowed(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		var limits *outside
		env := restatetest.Start(t, backend, app(fx.Populate(&limits)))
		shop := ingress.NewService[*Shop](env.Ingress())

		got, err := ingress.Call(t.Context(), shop, (*Shop).Twice, "inside")
		require.NoError(t, err)
		require.Equal(t, []bool{true, false}, got)

		bucket := limits.Bucket("outside", slow)
		for i, want := range []bool{true, false} {
			ok, err := bucket.Allow(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, ok, i)
		}
		var over *ingress.RequestError
		require.ErrorAs(t, bucket.Take(t.Context()), &over)
		require.Equal(t, 429, over.Status)
		require.Positive(t, over.RetryAfter)

		err = ingress.CallVoid(t.Context(), shop, (*Shop).Impatient, "impatient")
		require.EqualValues(t, 429, handler.CodeOf(err))
	})
}

func TestFiveWaitsForATokenASecondTakeFourSeconds(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		env := restatetest.Start(t, backend, app())
		before := env.Now()
		require.NoError(t, ingress.CallVoid(t.Context(), ingress.NewService[*Shop](env.Ingress()), (*Shop).Pace, 5))
		// The tokens come by the clock of the handlers; the timers are the server's.
		require.Greater(t, env.Now().Sub(before), 3900*time.Millisecond)
	})
}

func TestAGuardRefusesWith429(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		env := restatetest.Start(t, backend, app())
		guarded := ingress.NewService[*Guarded](env.Ingress())
		code := func(err error) int { return int(handler.CodeOf(err)) }
		tenant := func(name string) ingress.RequestOption {
			return restate.WithHeaders(map[string]string{"x-tenant": name})
		}
		require.Zero(t, code(ingress.Call0Void(t.Context(), guarded, (*Guarded).PerHandler)))
		require.Equal(t, 429, code(ingress.Call0Void(t.Context(), guarded, (*Guarded).PerHandler)))
		require.Zero(t, code(ingress.Call0Void(t.Context(), guarded, (*Guarded).PerTenant, tenant("ada"))))
		require.Zero(t, code(ingress.Call0Void(t.Context(), guarded, (*Guarded).PerTenant, tenant("bob"))))
		require.Equal(t, 429, code(ingress.Call0Void(t.Context(), guarded, (*Guarded).PerTenant, tenant("ada"))))
		for range 3 {
			require.Zero(t, code(ingress.Call0Void(t.Context(), guarded, (*Guarded).Free)))
		}

		// A route answers with a problem, and says when to try again.
		r := chi.NewRouter()
		r.Post("/", ingress.Handler0Void(guarded, (*Guarded).PerHandler, nil))
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
		require.Equal(t, 429, answer.Code)
		require.NotEmpty(t, answer.Header().Get("Retry-After"))
		require.Equal(t, "application/problem+json", answer.Header().Get("Content-Type"))
		require.Contains(t, answer.Body.String(), "over the rate limit: try again in ")
	})
}

// With a guard in front of all handlers, the limiter does not ask itself.
func TestAGuardOfTheWholeApplicationDoesNotStandInFrontOfTheLimiter(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.InProcess, app(
		fxrestate.Use(fxrestate.Guards(ratelimit.Guard(ratelimit.Rate{Limit: rate.Every(time.Hour), Burst: 2}, func(*pipeline.Invocation) string { return "all" }))),
	))
	shop := ingress.NewService[*Shop](env.Ingress())
	for range 2 {
		_, err := ingress.Call(t.Context(), shop, (*Shop).Buy, "tea")
		require.NoError(t, err)
	}
	_, err := ingress.Call(t.Context(), shop, (*Shop).Buy, "tea")
	require.EqualValues(t, 429, handler.CodeOf(err))
}

func TestAMiddlewareAnswers429(t *testing.T) {
	t.Parallel()
	var limits *outside
	restatetest.Start(t, restatetest.InProcess, restatetest.ManualClock, app(fx.Populate(&limits)))
	r := chi.NewRouter()
	r.With(limits.Middleware(slow, func(r *http.Request) string { return r.Header.Get("X-Tenant") })).
		Get("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, test := range []struct {
		tenant string
		want   int
	}{{"ada", 204}, {"ada", 429}, {"bob", 204}, {"", 204}, {"", 204}, {"\xff", 204}, {"\xff", 429}} {
		answer := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		request.Header.Set("X-Tenant", test.tenant)
		r.ServeHTTP(answer, request)
		require.Equal(t, test.want, answer.Code, test.tenant)
		if test.want == 429 {
			require.Equal(t, "3600", answer.Header().Get("Retry-After"))
		}
	}
}

func TestABucketThatNobodyUsesIsRemoved(t *testing.T) {
	t.Parallel()
	var limits *outside
	env := restatetest.Start(t, restatetest.InProcess, restatetest.ManualClock, app(fx.Populate(&limits)))
	bucket := limits.Bucket("x", slow)
	state := restatetest.StateOf[*ratelimit.Limiter](env, "x")
	_, err := bucket.Allow(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, state.All())
	env.Advance(2 * time.Hour)
	require.Empty(t, state.All())
	require.Empty(t, scheduled(env))

	require.NoError(t, bucket.SetBurst(t.Context(), 7))
	env.Advance(100 * time.Hour)
	set, err := bucket.State(t.Context())
	require.NoError(t, err)
	require.True(t, set.Set)
	require.Equal(t, 7, set.Burst)
	require.Equal(t, slow.Limit, set.Limit)
}

func scheduled(env *restatetest.Env) (ids []string) {
	for _, i := range env.Invocations("RateLimiter") {
		if i.Handler == "Sweep" && i.Status != "completed" {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func TestAHandlerTendsABucket(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.InProcess, restatetest.ManualClock, app())
	got, err := ingress.Call(t.Context(), ingress.NewService[*Shop](env.Ingress()), (*Shop).Tend, "x")
	require.NoError(t, err)
	// The burst was one token, and no more came: the reservation after it was none.
	require.Equal(t, ratelimit.State{Rate: ratelimit.Rate{Limit: 0, Burst: 3}}, got)
}

func TestARequestThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	env := restatetest.Start(t, restatetest.InProcess, restatetest.ManualClock, app())
	x := ingress.NewObject[*ratelimit.Limiter](env.Ingress()).Key("x")
	for name, in := range map[string]ratelimit.Reserve{
		"a negative number": {N: -1, Rate: &slow},
		"a negative time":   {N: 1, Within: -1, Rate: &slow},
		"no rate":           {N: 1},
		"a negative limit":  {N: 1, Rate: &ratelimit.Rate{Limit: -1, Burst: 1}},
		"a negative burst":  {N: 1, Rate: &ratelimit.Rate{Limit: 1, Burst: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ingress.Call(t.Context(), x, (*ratelimit.Limiter).ReserveN, in)
			require.EqualValues(t, 400, handler.CodeOf(err))
		})
	}
	burst := -1
	err := ingress.CallVoid(t.Context(), x, (*ratelimit.Limiter).SetRate, ratelimit.Change{Burst: &burst, Rate: &slow})
	require.EqualValues(t, 400, handler.CodeOf(err))
}

func TestARateThatIsWrongIsAnErrorOfTheStart(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, app(fxrestate.Use(fxrestate.Guards(ratelimit.Guard(ratelimit.Rate{Limit: -1}, ratelimit.PerKey))))).Err()
	require.ErrorContains(t, err, "ratelimit: the limit is -1")
	err = fx.New(fx.NopLogger, app(fxrestate.Use(fxrestate.Guards(ratelimit.Guard(slow, nil))))).Err()
	require.ErrorContains(t, err, "take ratelimit.PerHandler")
}

// Whoever could call the buckets could fill them.
func TestTheIngressDoesNotServeBucketsByDefault(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		env := restatetest.Start(t, backend, appWith(nil))
		guarded := ingress.NewService[*Guarded](env.Ingress())
		require.NoError(t, ingress.Call0Void(t.Context(), guarded, (*Guarded).PerHandler))
		x := ingress.NewObject[*ratelimit.Limiter](env.Ingress()).Key("Guarded/PerHandler")
		_, err := ingress.Call(t.Context(), x, (*ratelimit.Limiter).ReserveN, ratelimit.Reserve{Rate: &ratelimit.Rate{Limit: rate.Inf}})
		require.Error(t, err)
		require.Error(t, ingress.CallVoid(t.Context(), x, (*ratelimit.Limiter).SetRate, ratelimit.Change{Rate: &ratelimit.Rate{Limit: rate.Inf}}))
		require.EqualValues(t, 429, handler.CodeOf(ingress.Call0Void(t.Context(), guarded, (*Guarded).PerHandler)))
	})
}

func TestAnIngressOfBucketsThatTheIngressDoesNotServeIsAnErrorOfTheStart(t *testing.T) {
	t.Parallel()
	for _, test := range [][]restate.ServiceDefinitionOption{
		nil,
		{restate.WithIngressPrivate(false), restate.WithIngressPrivate(true)},
	} {
		var limits *outside
		err := fx.New(fx.NopLogger, appWith(test, fx.Populate(&limits))).Err()
		require.ErrorContains(t, err, "fxrestate: RateLimits (limiter_test.go:")
		require.ErrorContains(t, err, "list fxrestate.RateLimits(restate.WithIngressPrivate(false))")
	}
}

func TestALimitSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	restatetest.CrashEverywhere(t, restatetest.Scenario{
		App: func() []fx.Option { return []fx.Option{restatetest.InProcess, appWith(nil)} },
		Do: func(t testing.TB, env *restatetest.Env) any {
			shop := ingress.NewService[*Shop](env.Ingress())
			err := ingress.CallVoid(t.Context(), shop, (*Shop).Pace, 2)
			return []any{err, ingress.CallVoid(t.Context(), shop, (*Shop).Impatient, "x") != nil}
		},
	})
}
