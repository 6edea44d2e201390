package calls_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/fxrestate/go/internal/testkit"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// NamedCaller knows of CallsTill and CallsFlow, which another application serves,
// nothing but their names.
type NamedCaller struct{ till, flow string }

// NamedVisit is what NamedCaller saw.
type NamedVisit struct {
	Put, Later, Total int
	Refused           restate.Code
	Raw               []byte
	Flow              string
	Sent              string
}

func (n *NamedCaller) Visit(ctx restate.Context, key string) (out NamedVisit, err error) {
	put := rpc.Named[int, int](n.till, "Put").Key(key)
	if out.Put, err = put.Call(ctx, 100); err != nil {
		return out, err
	}
	sent, err := put.Send(ctx, 5, restate.WithDelay(10*time.Millisecond), restate.WithIdempotencyKey(key))
	if err != nil {
		return out, err
	}
	if out.Sent, err = sent.ID(ctx); err != nil {
		return out, err
	}
	if out.Later, err = sent.Attach(ctx); err != nil {
		return out, err
	}
	take := rpc.Named[int, restate.Void](n.till, "Take").Key(key)
	_, refused := take.Call(ctx, 1000)
	if t := restate.AsTerminalError(refused); t != nil {
		out.Refused = t.Code()
	}
	total, err := rpc.Named[restate.Void, int](n.till, "Total").Key(key).Start(ctx, restate.Void{})
	if err != nil {
		return out, err
	}
	if out.Total, err = total.Await(ctx); err != nil {
		return out, err
	}
	raw := rpc.Named[[]byte, []byte](n.till, "Raw").With(restate.WithBinary).Key(key)
	shouted, err := raw.Send(ctx, []byte{0xff})
	if err != nil {
		return out, err
	}
	if out.Raw, err = shouted.Attach(ctx); err != nil {
		return out, err
	}
	run, err := rpc.Named[string, string](n.flow, "Run").Key(key).Send(ctx, "said")
	if err != nil {
		return out, err
	}
	if _, err = rpc.Named[string, restate.Void](n.flow, "say").Key(key).Call(ctx, "yes"); err != nil {
		return out, err
	}
	out.Flow, err = run.Attach(ctx)
	return out, err
}

func (n *NamedCaller) Mistakes(ctx restate.Context) (out []string, _ error) {
	for _, bad := range []rpc.NamedHandler[int, int]{
		{},
		rpc.Named[int, int]("", "Put"),
		rpc.Named[int, int](n.till, ""),
		rpc.Named[int, int](n.till, "a\xff"),
		rpc.Named[int, int](n.till, "Put").Key(""),
		rpc.Named[int, int](n.till, "Put").Key("a\xff"),
	} {
		_, called := bad.Call(ctx, 1)
		_, future := bad.Start(ctx, 1)
		_, sent := bad.Send(ctx, 1)
		if called.Error() != future.Error() || called.Error() != sent.Error() {
			return nil, restate.TerminalErrorf("%v, %v and %v", called, future, sent)
		}
		out = append(out, tell(called))
	}
	return out, nil
}

// startNamed serves what is called and its caller in an application each.
func startNamed(t *testing.T, attached ...any) (caller *NamedCaller, name string) {
	caller, name = &NamedCaller{testkit.Unique("till"), testkit.Unique("flow")}, testkit.Unique("named-caller")
	startCallees(t, caller.till, caller.flow)
	testkit.Start(t, fxrestate.Service[*NamedCaller](testkit.Made(caller), fxrestate.Name(name), fxrestate.CallInterceptors(attached...)))
	return caller, name
}

func TestHandlersAreCalledByNamesAlone(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var trail []string
	for how, interceptors := range map[string][]any{
		"without an interceptor": nil,
		"with an interceptor": {func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error {
			err := next(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			trail = append(trail, fmt.Sprintf("%s %s/%s/%s %v", c.Verb, c.Service, c.Key, c.Handler, c.Input))
			return err
		}},
	} {
		t.Run(how, func(t *testing.T) {
			caller, name := startNamed(t, interceptors...)
			got := testkit.Decode[NamedVisit](t, testkit.Post(t, testkit.Path(name, "Visit"), "k"))
			require.Equal(t, NamedVisit{100, 105, 105, http.StatusPaymentRequired, []byte{0xff, '!'}, "said yes", got.Sent}, got)
			require.Equal(t, caller.till+"/k/Put", testkit.Look(t, got.Sent).Target)
			require.NotNil(t, testkit.Scheduled(t, got.Sent))
			if interceptors == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, line := range []string{
				"call " + caller.till + "/k/Put 100", "send " + caller.till + "/k/Put 5",
				"future " + caller.till + "/k/Total {}", "send " + caller.flow + "/k/Run said",
			} {
				t.Run(line, func(t *testing.T) {
					require.Contains(t, trail, line)
				})
			}
		})
	}
}

func TestNamesAndKeysThatCannotBeAreErrors(t *testing.T) {
	t.Parallel()
	caller, name := startNamed(t)
	empty := ": the name of the service or handler is empty; make it with rpc.Named"
	require.Equal(t, []string{
		"false rpc: /" + empty,
		"false rpc: /Put" + empty,
		"false rpc: " + caller.till + "/" + empty,
		fmt.Sprintf("false rpc: %q: the name of the service or handler is not valid UTF-8", caller.till+"/a\xff"),
		"true rpc: " + caller.till + "/Put: the key is empty",
		"true rpc: call of " + caller.till + "/Put with a key that is not valid UTF-8",
	}, testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(name, "Mistakes"), nil)))
}
