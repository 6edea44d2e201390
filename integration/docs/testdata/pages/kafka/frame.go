// Package kafkapage is the frame in which the tests compile the code of docs/kafka.md.
package kafkapage

import (
	"log/slog"

	restate "github.com/restatedev/sdk-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/fxrestate/go/pipeline"
)

type Post struct{ Author, Text string }

type Feed struct{ log *slog.Logger }

func NewFeed() *Feed { return nil }

func (f *Feed) Post(restate.Context, Post) error { return nil }

func (f *Feed) Follow(restate.Context, string) error { return nil }

func (f *Feed) Import(restate.Context, []byte) error { return nil }

type Timeline struct{}

func NewTimeline() *Timeline { return nil }

func (*Timeline) Add(restate.ObjectContext, Post) error { return nil }

type Graveyard struct{ client *kgo.Client }

func (g *Graveyard) Bury(restate.Context, pipeline.Letter) error { return nil }

type Newsroom struct{ client *kgo.Client }
