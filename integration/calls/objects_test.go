package calls_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Lane is a virtual object that holds up others, or does not.
type Lane struct {
	lanes rpc.Object[*Lane]
}

var laneSeen = durable.NewStateKey[[]int]("seen")

func (l *Lane) Pass(ctx restate.ObjectContext, n int) ([]int, error) {
	seen, err := laneSeen.Get(ctx)
	if err != nil {
		return nil, err
	}
	seen = append(seen, n)
	return seen, laneSeen.Set(ctx, seen)
}

// Again calls its own object, which it holds itself.
func (l *Lane) Again(ctx restate.ObjectContext) ([]int, error) {
	return rpc.Call(ctx, l.lanes.Key(restate.Key(ctx)), (*Lane).Pass, 0)
}

// Sleep goes on after a while, in which it holds the object.
func (l *Lane) Sleep(ctx restate.ObjectContext) error { return restate.Sleep(ctx, time.Hour) }

// Later goes on after a while, in which others have the object.
func (l *Lane) Later(ctx restate.ObjectContext) (string, error) {
	sent, err := rpc.Send(ctx, l.lanes.Key(restate.Key(ctx)), (*Lane).Pass, 1, restate.WithDelay(time.Hour))
	if err != nil {
		return "", err
	}
	return sent.ID(ctx)
}

// LaneDriver sends and calls from outside of the lane.
type LaneDriver struct {
	lanes rpc.Object[*Lane]
	flows rpc.Workflow[*LaneFlow]
	lost  rpc.Service[*LaneDriver]
}

// Sends sends some and calls then.
func (d *LaneDriver) Sends(ctx restate.Context, key string) ([]int, error) {
	for n := range 9 {
		if _, err := rpc.Send(ctx, d.lanes.Key(key), (*Lane).Pass, n); err != nil {
			return nil, err
		}
	}
	return rpc.Call(ctx, d.lanes.Key(key), (*Lane).Pass, 9)
}

// LaneFlow is a workflow that is over soon.
type LaneFlow struct{}

func (*LaneFlow) Run(_ restate.WorkflowContext, in string) (string, error) { return in, nil }

// Twice runs a workflow twice.
func (d *LaneDriver) Twice(ctx restate.Context, id string) (string, error) {
	if _, err := rpc.Call(ctx, d.flows.ID(id), (*LaneFlow).Run, "first"); err != nil {
		return "", err
	}
	return rpc.Call(ctx, d.flows.ID(id), (*LaneFlow).Run, "second")
}

// Targets calls each kind of handler.
func (d *LaneDriver) Targets(ctx restate.Context, key string) error {
	_, err := rpc.Call(ctx, d.lanes.Key(key), (*Lane).Pass, 1)
	if err != nil {
		return err
	}
	if _, err := rpc.Send(ctx, d.flows.ID(key), (*LaneFlow).Run, "once"); err != nil {
		return err
	}
	return rpc.Call0Void(ctx, d.lost, (*LaneDriver).Nothing)
}

func (d *LaneDriver) Nothing(restate.Context) error { return nil }

// startLanes returns the names of the object, the workflow and the driver.
func startLanes(t *testing.T) (lane, flow, driver string) {
	lane, flow, driver = testkit.Unique("lane"), testkit.Unique("lane-flow"), testkit.Unique("lane-driver")
	testkit.Start(t,
		fxrestate.Object[*Lane](func(lanes rpc.Object[*Lane]) *Lane { return &Lane{lanes} }, fxrestate.Name(lane)),
		fxrestate.Workflow[*LaneFlow](testkit.Made(&LaneFlow{}), fxrestate.Name(flow)),
		fxrestate.Service[*LaneDriver](func(lanes rpc.Object[*Lane], flows rpc.Workflow[*LaneFlow], lost rpc.Service[*LaneDriver]) *LaneDriver {
			return &LaneDriver{lanes, flows, lost}
		}, fxrestate.Name(driver)))
	return lane, flow, driver
}

func TestSendsToOneObjectRunInTheirOrder(t *testing.T) {
	t.Parallel()
	_, _, driver := startLanes(t)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, testkit.Decode[[]int](t, testkit.Post(t, testkit.Path(driver, "Sends"), "k")))
}

func TestSecondRunOfAWorkflowIsAConflictForTheCaller(t *testing.T) {
	t.Parallel()
	_, _, driver := startLanes(t)
	got := testkit.Failed(t, testkit.Post(t, testkit.Path(driver, "Twice"), "w"))
	require.Equal(t, http.StatusConflict, got.Code)
	require.NotRegexp(t, "(?i)^cancelled$", got.Message)
}

func TestCallsReachTheTargetsThatTheirMethodsName(t *testing.T) {
	t.Parallel()
	lane, flow, driver := startLanes(t)
	a := testkit.Post(t, testkit.Path(driver, "Targets"), "k")
	require.Equal(t, http.StatusOK, a.Status, string(a.Body))
	var targets []string
	for _, called := range testkit.Query[testkit.Invocation](t, "SELECT * FROM sys_invocation WHERE invoked_by_id = ?", a.Header.Get("X-Restate-Id")) {
		targets = append(targets, called.Target)
	}
	require.ElementsMatch(t, []string{lane + "/k/Pass", flow + "/k/Run", driver + "/Nothing"}, targets)
}

// waits returns nil if an invocation of a target does not begin.
func waits(t *testing.T, service, target string) error {
	t.Helper()
	all := testkit.InvocationsOf(t, service)
	if !slices.ContainsFunc(all, func(i testkit.Invocation) bool { return i.Target == target && i.Status == "pending" }) {
		return fmt.Errorf("%s does not wait: %v", target, all)
	}
	return nil
}

func TestDeadlockOfAnObjectWithItselfEndsByACancellation(t *testing.T) {
	t.Parallel()
	lane, _, _ := startLanes(t)
	id := testkit.Submit(t, testkit.Path(lane, "k", "Again"), nil)
	testkit.Eventually(t, func() error { return waits(t, lane, lane+"/k/Pass") })
	require.NotEqual(t, "completed", testkit.Look(t, id).Status)

	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), id))
	require.Equal(t, http.StatusConflict, testkit.Failed(t, testkit.Attach(t, id)).Code)
	// The object is free. The inner call may have run before its cancellation came.
	require.Contains(t, testkit.Decode[[]int](t, testkit.Post(t, testkit.Path(lane, "k", "Pass"), 7)), 7)
}

func TestDelayedSendLeavesTheObjectToOthersAndSleepDoesNot(t *testing.T) {
	t.Parallel()
	lane, _, _ := startLanes(t)
	later := testkit.Decode[string](t, testkit.Post(t, testkit.Path(lane, "sends", "Later"), nil))
	require.Equal(t, []int{7}, testkit.Decode[[]int](t, testkit.Post(t, testkit.Path(lane, "sends", "Pass"), 7)))
	require.Equal(t, "scheduled", testkit.Look(t, later).Status)
	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), later))

	sleeping := testkit.Submit(t, testkit.Path(lane, "sleeps", "Sleep"), nil)
	testkit.AwaitEntry(t, testkit.Admin(), sleeping, "Sleep")
	waiting := testkit.Submit(t, testkit.Path(lane, "sleeps", "Pass"), 7)
	testkit.Eventually(t, func() error { return waits(t, lane, lane+"/sleeps/Pass") })
	require.NoError(t, testkit.Admin().CancelInvocation(t.Context(), sleeping))
	require.Equal(t, []int{7}, testkit.Decode[[]int](t, testkit.Attach(t, waiting)))
}
