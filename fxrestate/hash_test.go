package fxrestate_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/manifest"
)

// HashLine is a part of an order.
type HashLine struct {
	SKU    string            `json:"sku"`
	Amount int64             `json:"amount,omitempty"`
	Notes  map[string]string `json:"notes"`
}

// HashOrder has the kinds of fields that schemas differ in.
type HashOrder struct {
	ID    string     `json:"id" jsonschema:"minLength=1"`
	Lines []HashLine `json:"lines"`
	Gift  *HashLine  `json:"gift,omitempty"`
	Due   time.Time  `json:"due"`
	Ratio float64    `json:"ratio"`
	Raw   []byte     `json:"raw"`
	Any   any        `json:"any"`
	Child *HashOrder `json:"child,omitempty"`
}

// HashService has handlers with and without input and output.
type HashService struct{}

func (HashService) Both(_ restate.Context, o HashOrder) (HashLine, error) { return HashLine{}, nil }
func (HashService) In(restate.Context, []HashLine) error                  { return nil }
func (HashService) Out(restate.Context) (map[string]int, error)           { return nil, nil }
func (HashService) None(restate.Context) error                            { return nil }

// HashObject has exclusive and shared handlers.
type HashObject struct{}

func (HashObject) Add(restate.ObjectContext, int) (int, error)      { return 0, nil }
func (HashObject) Look(restate.ObjectSharedContext) (string, error) { return "", nil }

// HashWorkflow has a run and a handler beside it.
type HashWorkflow struct{}

func (HashWorkflow) Run(restate.WorkflowContext, HashOrder) (bool, error) { return true, nil }
func (HashWorkflow) Approve(restate.WorkflowSharedContext, string) error  { return nil }

// What an endpoint says of itself must stay the same from release to release.
func TestInterfaceHashOfAnApplicationIsGolden(t *testing.T) {
	t.Parallel()
	var served *endpoint.Endpoint
	app := fx.New(fxrestate.Module, fx.NopLogger,
		fx.Supply(fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Mounted}}),
		fxrestate.Service[HashService](func() HashService { return HashService{} },
			restate.WithDocumentation("not in the hash"), restate.WithMetadata("revision", "1"),
			restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Second), restate.WithRetryIntervalFactor(1.5),
				restate.WithMaxRetryInterval(time.Minute), restate.WithMaxRetryAttempts(5), restate.KillOnMaxAttempts()),
			restate.WithInactivityTimeout(time.Minute), restate.WithAbortTimeout(time.Hour),
			fxrestate.Handler(HashService.Both, restate.WithIngressPrivate(true), restate.WithIdempotencyRetention(time.Hour))),
		fxrestate.Object[HashObject](func() HashObject { return HashObject{} },
			restate.WithEnableLazyState(true), restate.WithJournalRetention(time.Hour)),
		fxrestate.Workflow[HashWorkflow](func() HashWorkflow { return HashWorkflow{} },
			fxrestate.Handler(HashWorkflow.Run, restate.WithWorkflowRetention(24*time.Hour))),
		fx.Populate(&served),
	)
	require.NoError(t, app.Err())
	raw, err := served.Manifest(t.Context())
	require.NoError(t, err)
	m, err := manifest.Parse(raw)
	require.NoError(t, err)
	require.Equal(t, []string{"HashObject", "HashService", "HashWorkflow"}, m.Names())
	require.Equal(t, "sha256:52910a0bbac471c4353dbea87018810b45354576a92210205f0bd43d183e8fd4", m.InterfaceHash(),
		"the interface hash of applications has changed: with this release every application in production registers anew at its "+
			"next start, and is refused where invocations are in flight. Find out what has changed in the manifest (the SDK's version, its "+
			"protocol versions, our schemas): %s. If it must be, write into the changelog under Changed: \"The interface hash "+
			"changes because of …: the first start in production after the upgrade registers anew. Let invocations in flight "+
			"complete before it, give the new version a URL of its own, or set InPlace.\" Then put the new hash here", raw)
}
