package handler_test

import (
	"reflect"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

type serviceOptions = []restate.ServiceDefinitionOption

// The SDK applies a descriptor's options in order: these tests check the result, as an
// endpoint sees it.

func TestServiceOptionsOverrideDefaults(t *testing.T) {
	t.Parallel()
	desc := describe[*Signup](t, handler.Spec{
		Defaults: serviceOptions{
			restate.WithInactivityTimeout(time.Minute),
			restate.WithAbortTimeout(time.Hour),
			restate.WithDocumentation("an application"),
			restate.WithWorkflowRetention(24 * time.Hour),
			restate.WithEnableLazyState(true),
			restate.WithMetadataMap(map[string]string{"team": "shop", "tier": "2"}),
		},
		Options: serviceOptions{
			restate.WithInactivityTimeout(time.Second),
			restate.WithDocumentation("a workflow"),
			restate.WithWorkflowRetention(time.Hour),
			restate.WithMetadata("tier", "1"),
		},
	})
	got := restate.NewWorkflow(desc.Name, desc.Options...).GetOptions()
	require.Equal(t, time.Second, *got.InactivityTimeout, "overridden")
	require.Equal(t, time.Hour, *got.AbortTimeout, "inherited")
	require.Equal(t, "a workflow", got.Documentation)
	require.Equal(t, time.Hour, *got.WorkflowRetention)
	require.True(t, *got.EnableLazyState)
	require.Equal(t, map[string]string{"team": "shop", "tier": "1"}, got.Metadata)
	require.Equal(t, got.Metadata, desc.Metadata)
}

func TestDefaultsThatDoNotFitTheKindAreLeftOut(t *testing.T) {
	t.Parallel()
	defaults := serviceOptions{
		restate.WithWorkflowRetention(time.Hour),
		restate.WithEnableLazyState(true),
		restate.WithInactivityTimeout(time.Second),
	}
	for name, test := range map[string]struct {
		typ             reflect.Type
		retention, lazy bool
	}{
		"a service":        {reflect.TypeFor[*Tariff](), false, false},
		"a virtual object": {reflect.TypeFor[*Cart](), false, true},
		"a workflow":       {reflect.TypeFor[*Signup](), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc, err := handler.Spec{Type: test.typ, Defaults: defaults}.Describe()
			require.NoError(t, err)
			got := restate.NewWorkflow(desc.Name, desc.Options...).GetOptions()
			require.Equal(t, test.retention, got.WorkflowRetention != nil)
			require.Equal(t, test.lazy, got.EnableLazyState != nil)
			require.NotNil(t, got.InactivityTimeout, "the others stay")
			require.NotPanics(t, func() {
				switch desc.Kind {
				case handler.Service:
					restate.NewService(desc.Name, desc.Options...)
				case handler.Object:
					restate.NewObject(desc.Name, desc.Options...)
				}
			})
		})
	}
}

func TestDescribeLeavesTheSpecAlone(t *testing.T) {
	t.Parallel()
	// Spare capacity must not be written to: all services of an application share the
	// slices.
	defaults := make(serviceOptions, 0, 8)
	defaults = append(defaults, restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(1)))
	options := append(make(serviceOptions, 0, 8), restate.WithInvocationRetryPolicy(restate.KillOnMaxAttempts()))
	spec := handler.Spec{Type: reflect.TypeFor[*Tariff](), Defaults: defaults, Options: options}
	first, err := spec.Describe()
	require.NoError(t, err)
	second, err := spec.Describe()
	require.NoError(t, err)
	require.Equal(t, first.Options, second.Options)
	require.Equal(t, make(serviceOptions, 7), defaults[1:8])
	require.Equal(t, make(serviceOptions, 7), options[1:8])
}

func TestRetryPoliciesMergeFieldByField(t *testing.T) {
	t.Parallel()
	policy := restate.WithInvocationRetryPolicy
	for name, test := range map[string]struct {
		defaults, options serviceOptions
		want              *restate.InvocationRetryPolicy
	}{
		"none": {},
		"only a default": {
			defaults: serviceOptions{policy(restate.WithMaxRetryAttempts(5))},
			want:     &restate.InvocationRetryPolicy{MaxAttempts: ptr(5)},
		},
		"only the service's": {
			options: serviceOptions{policy(restate.WithMaxRetryAttempts(5))},
			want:    &restate.InvocationRetryPolicy{MaxAttempts: ptr(5)},
		},
		"the service sets what the default leaves open": {
			defaults: serviceOptions{policy(restate.WithInitialRetryInterval(time.Second), restate.WithRetryIntervalFactor(1.5))},
			options:  serviceOptions{policy(restate.WithMaxRetryInterval(time.Minute), restate.WithMaxRetryAttempts(3), restate.KillOnMaxAttempts())},
			want: &restate.InvocationRetryPolicy{
				InitialInterval: ptr(time.Second), ExponentiationFactor: ptr(1.5), MaxInterval: ptr(time.Minute),
				MaxAttempts: ptr(3), OnMaxAttempts: ptr(restate.OnMaxAttempts("KILL")),
			},
		},
		"the service overrides each field": {
			defaults: serviceOptions{policy(
				restate.WithInitialRetryInterval(time.Second), restate.WithRetryIntervalFactor(1.5),
				restate.WithMaxRetryInterval(time.Minute), restate.WithMaxRetryAttempts(3), restate.KillOnMaxAttempts(),
			)},
			options: serviceOptions{policy(
				restate.WithInitialRetryInterval(2*time.Second), restate.WithRetryIntervalFactor(2),
				restate.WithMaxRetryInterval(time.Hour), restate.WithMaxRetryAttempts(9), restate.PauseOnMaxAttempts(),
			)},
			want: &restate.InvocationRetryPolicy{
				InitialInterval: ptr(2 * time.Second), ExponentiationFactor: ptr(2.0), MaxInterval: ptr(time.Hour),
				MaxAttempts: ptr(9), OnMaxAttempts: ptr(restate.OnMaxAttempts("PAUSE")),
			},
		},
		"several on one level": {
			options: serviceOptions{
				policy(restate.WithMaxRetryAttempts(3)), restate.WithMetadata("a", "b"),
				policy(restate.KillOnMaxAttempts()),
			},
			want: &restate.InvocationRetryPolicy{MaxAttempts: ptr(3), OnMaxAttempts: ptr(restate.OnMaxAttempts("KILL"))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc := describe[*Tariff](t, handler.Spec{Defaults: test.defaults, Options: test.options})
			require.Equal(t, test.want, restate.NewService(desc.Name, desc.Options...).GetOptions().InvocationRetryPolicy)
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestHandlerOptionsAreTheHandlersOwn(t *testing.T) {
	t.Parallel()
	// For fields that a handler does not set, the server uses those of the service.
	desc := describe[*Cart](t, handler.Spec{
		Options: serviceOptions{restate.WithInactivityTimeout(time.Hour), restate.WithMetadata("team", "shop")},
		Handlers: []handler.HandlerSpec{{
			Method: (*Cart).Checkout,
			Options: []restate.HandlerOption{
				restate.WithInactivityTimeout(time.Second), restate.WithMetadata("pii", "yes"), restate.WithEnableLazyState(true),
			},
		}},
	})
	checkout, _ := desc.Method("Checkout")
	got := restate.NewObjectHandler[restate.Void, restate.Void](nil, checkout.Options...).GetOptions()
	require.Equal(t, time.Second, *got.InactivityTimeout)
	require.True(t, *got.EnableLazyState)
	require.Equal(t, map[string]string{"pii": "yes"}, checkout.Metadata)

	items, _ := desc.Method("Items")
	require.Empty(t, items.Options)
	require.Empty(t, items.Metadata)
	require.Equal(t, map[string]string{"team": "shop"}, desc.Metadata)
}

func TestRetentionOfAWorkflow(t *testing.T) {
	t.Parallel()
	desc := describe[*Signup](t, handler.Spec{
		Options: serviceOptions{restate.WithWorkflowRetention(time.Hour), restate.WithIdempotencyRetention(time.Minute)},
		Handlers: []handler.HandlerSpec{
			{Method: (*Signup).Run, Options: []restate.HandlerOption{restate.WithWorkflowRetention(time.Minute)}},
			{Method: (*Signup).Status, Options: []restate.HandlerOption{restate.WithIdempotencyRetention(time.Minute)}},
		},
	})
	run, _ := desc.Method("Run")
	require.Len(t, run.Options, 1)
}

func TestCodecsAreSettled(t *testing.T) {
	t.Parallel()
	in := func(c encoding.Codec) restate.HandlerOption { return restate.WithInputCodec(c) }
	out := func(c encoding.Codec) restate.HandlerOption { return restate.WithOutputCodec(c) }
	for name, test := range map[string]struct {
		defaults, options serviceOptions
		handler           []restate.HandlerOption
		in, out           encoding.Codec
	}{
		"JSON by default":                    {in: encoding.JSONCodec, out: encoding.JSONCodec},
		"the application's default":          {defaults: serviceOptions{restate.WithProto}, in: encoding.ProtoCodec, out: encoding.ProtoCodec},
		"the service's over the default":     {defaults: serviceOptions{restate.WithProto}, options: serviceOptions{restate.WithProtoJSON}, in: encoding.ProtoJSONCodec, out: encoding.ProtoJSONCodec},
		"the handler's over the service's":   {options: serviceOptions{restate.WithProto}, handler: []restate.HandlerOption{restate.WithJSON}, in: encoding.JSONCodec, out: encoding.JSONCodec},
		"the handler's for its input":        {options: serviceOptions{restate.WithProto}, handler: []restate.HandlerOption{in(encoding.ProtoJSONCodec)}, in: encoding.ProtoJSONCodec, out: encoding.ProtoCodec},
		"the handler's for its output":       {options: serviceOptions{restate.WithProto}, handler: []restate.HandlerOption{out(encoding.ProtoJSONCodec)}, in: encoding.ProtoCodec, out: encoding.ProtoJSONCodec},
		"the handler's for both, one by one": {handler: []restate.HandlerOption{in(encoding.ProtoCodec), out(encoding.ProtoJSONCodec)}, in: encoding.ProtoCodec, out: encoding.ProtoJSONCodec},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc := describe[*Clock](t, handler.Spec{
				Defaults: test.defaults, Options: test.options,
				Handlers: []handler.HandlerSpec{{Method: (*Clock).At, Options: test.handler}},
			})
			m, _ := desc.Method("At")
			// Codecs may hold functions, which cannot be compared: their types can.
			require.IsType(t, test.in, m.InputCodec)
			require.IsType(t, test.out, m.OutputCodec)
		})
	}
}

var jsonCodec = encoding.JSONCodec

// clientCodecs applies options as the SDK's clients do.
func clientCodecs(options []restate.ClientOption) (in, out encoding.Codec) {
	if len(options) == 0 {
		return nil, nil
	}
	target := newFor(options[0].BeforeClient)
	for _, o := range options {
		o.BeforeClient(target)
	}
	return target.InputCodec, target.OutputCodec
}

// newFor makes a value of the type to which a function takes a pointer. The SDK does not
// export the type.
func newFor[T any](func(*T)) *T { return new(T) }
