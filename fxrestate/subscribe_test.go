package fxrestate_test

import (
	"regexp"
	"slices"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/kafka"
)

// reader has handlers that take records.
type reader struct{}

func (*reader) Read(restate.Context, string) error { return nil }

func (*reader) Skim(restate.Context, string) error { return nil }

// Plain is no handler.
func (*reader) Plain() {}

func newReader() *reader { return &reader{} }

func TestMistakesInSubscriptionsAreErrorsOfFxNewAllAtOnce(t *testing.T) {
	t.Parallel()
	definition := restate.NewService("defined").Handler("take", restate.NewServiceHandler(func(restate.Context, string) (string, error) { return "", nil }))
	for _, row := range []struct {
		name string
		opts fx.Option
		want []string // expressions
	}{
		{
			"sources of another form",
			fxrestate.Service[*reader](newReader,
				fxrestate.Subscribe((*reader).Read, ""),
				fxrestate.Subscribe((*reader).Read, "posts"),
				fxrestate.Subscribe((*reader).Read, "kafka://main"),
				fxrestate.Subscribe((*reader).Read, "kafka://main/"),
				fxrestate.Subscribe((*reader).Read, "kafka:///posts"),
				fxrestate.Subscribe((*reader).Read, "kafka://main/a/b"),
				fxrestate.Subscribe((*reader).Read, "kafka://main/^all.*"),
				fxrestate.Subscribe((*reader).Read, "kafka://main/posts?x\x1b[31m"),
				fxrestate.Subscribe((*reader).Read, "kafka://user:secret@main/posts"),
				fxrestate.Subscribe((*reader).Read, "kafka://main/.."),
			),
			append(slices.Repeat([]string{
				`^fxrestate: Subscribe \(subscribe_test\.go:\d+\): deployment: the source ".*" is not "kafka://CLUSTER/TOPIC" with the name of a cluster and a topic of at most 249 letters, digits, "\.", "_" and "-"$`,
			}, 9), `: the source "kafka://main/\.\." has the topic "\.\.", which Kafka does not allow$`),
		},
		{
			"methods that are no handlers, beside a source of another form",
			fxrestate.Service[*reader](newReader,
				fxrestate.Subscribe((*reader).Plain, "kafka://main"),
				fxrestate.Subscribe(membered.Do, "kafka://main/posts"),
				fxrestate.Subscribe("Read", "kafka://main/posts"),
				fxrestate.Subscribe(nil, "kafka://main/posts"),
			),
			[]string{
				`subscribe_test\.go:\d+\): deployment: the source "kafka://main" is not`,
				`^fxrestate: Subscribe \(subscribe_test\.go:\d+\): .*Plain`,
				`^fxrestate: Subscribe \(subscribe_test\.go:\d+\): .*membered`,
				`^fxrestate: Subscribe \(subscribe_test\.go:\d+\): .*string`,
				`^fxrestate: Subscribe \(subscribe_test\.go:\d+\): .*nil`,
			},
		},
		{
			"options",
			fxrestate.Service[*reader](newReader, fxrestate.Subscribe((*reader).Read, "kafka://main/posts",
				kafka.Options{"client.id": "me", "": "x"}, kafka.Options{"group.id": ""})),
			[]string{`the name of an option is "", want one of librdkafka`, `the option "client\.id" says whose subscription it is; leave it out$`, `the option "group\.id" is empty`},
		},
		{
			"twice the same",
			fxrestate.Service[*reader](newReader,
				fxrestate.Subscribe((*reader).Read, "kafka://main/posts"),
				fxrestate.Subscribe((*reader).Skim, "kafka://main/posts"),
				fxrestate.Subscribe((*reader).Read, "kafka://main/posts", kafka.Options{"group.id": "g"})),
			[]string{`^fxrestate: Subscribe \(subscribe_test\.go:\d+, and subscribe_test\.go:\d+\): deployment: the subscription of kafka://main/posts to reader/Read is there twice; leave one of them out$`},
		},
		{
			"one group for two handlers",
			fxrestate.Service[*reader](newReader,
				fxrestate.Subscribe((*reader).Read, "kafka://main/posts", kafka.Options{"group.id": "g"}),
				fxrestate.Subscribe((*reader).Skim, "kafka://main/posts", kafka.Options{"group.id": "g"})),
			[]string{`reader/Read and reader/Skim have the same group\.id "g" for kafka://main/posts, so each record goes to one of them only; give them different groups$`},
		},
		{
			"of a definition",
			fxrestate.Definition(definition, fxrestate.Subscribe("lose", "kafka://main/posts"), fxrestate.Subscribe((*reader).Read, "kafka://main/posts")),
			[]string{`the definition of defined has no handler "lose"; name one of take$`, `it names a handler of the definition of defined by a func`},
		},
		{
			"of a remote service",
			fxrestate.RemoteService[*reader](fxrestate.Subscribe((*reader).Read, "kafka://main/posts")),
			[]string{`a remote service cannot be subscribed to Kafka \(subscribe_test\.go:\d+\); subscribe it where it is served$`},
		},
		{
			"among the defaults",
			fx.Supply(fxrestate.Config{Defaults: []restate.ServiceDefinitionOption{fxrestate.Subscribe((*reader).Read, "kafka://main/posts")}}),
			[]string{`Config\.Defaults has an option of package fxrestate \(subscribe_test\.go:\d+\), which does nothing there`},
		},
		{
			"of a service that has others",
			fxrestate.Service[crowded](func() crowded { return crowded{} }, fxrestate.Subscribe(crowded.One, "kafka://main")),
			[]string{`crowded\.One .* takes 2 inputs`, `crowded\.Two .* takes 2 inputs`, `the source "kafka://main" is not`},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			problems := fxrestate.Problems(fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, row.opts).Err())
			require.Len(t, problems, len(row.want), "%q", problems)
			for _, want := range row.want {
				require.True(t, slices.ContainsFunc(problems, regexp.MustCompile(want).MatchString), "%s is not among %q", want, problems)
			}
		})
	}
}
