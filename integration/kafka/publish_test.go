package kafka_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Newsroom publishes with a client of its own. The client's producer is idempotent, which is
// kgo's default: what it sends again by itself is once in the topic.
type Newsroom struct {
	client   *kgo.Client
	topic    string
	attempts atomic.Int32
}

var (
	announce = durable.NewStep[int64]("announce")
	archive  = durable.NewStep[restate.Void]("archive")
)

// Publish publishes in a step, whose result is the record's offset. The steps after it may
// fail as often as they like.
func (n *Newsroom) Publish(ctx restate.Context, post Post) (int64, error) {
	id := ctx.Request().ID
	offset, err := announce.Run(ctx, func(ctx context.Context) (int64, error) {
		r, err := n.client.ProduceSync(ctx, &kgo.Record{
			Topic: n.topic, Key: []byte(post.Author), Value: []byte(post.Text),
			// Consumers know by it what they have seen: if the process dies after the broker
			// has answered and before Restate knows, the step runs again.
			Headers: []kgo.RecordHeader{{Key: "id", Value: []byte(id)}},
		}).First()
		if err != nil {
			return 0, err
		}
		return r.Offset, nil
	})
	if err != nil {
		return 0, err
	}
	_, err = archive.Run(ctx, func(context.Context) (restate.Void, error) {
		if n.attempts.Add(1) < 4 {
			return restate.Void{}, errors.New("the archive is closed")
		}
		return restate.Void{}, nil
	})
	return offset, err
}

func TestWhatAStepPublishesIsThereOnceHoweverOftenLaterStepsAreTried(t *testing.T) {
	t.Parallel()
	name, topic := testkit.Unique("Newsroom"), newTopic(t, 1)
	newsroom := &Newsroom{client: newClient(t), topic: topic}
	start(t, fxrestate.Service[*Newsroom](testkit.Made(newsroom), fxrestate.Name(name), testkit.RetrySoon()))
	answer := testkit.Post(t, testkit.Path(name, "Publish"), Post{Author: "ada", Text: "hello"})
	require.Equal(t, http.StatusOK, answer.Status, answer.Text())
	require.Equal(t, int32(4), newsroom.attempts.Load())

	produce(t, topic, record("", "the last"))
	records := consume(t, topic, 2)
	require.Len(t, records, 2, "the message, and the one after it")
	require.Equal(t, "hello", string(records[0].Value))
	require.Equal(t, answer.Header.Get("X-Restate-Id"), string(records[0].Headers[0].Value))
	require.Equal(t, `"the last"`, string(records[1].Value))
}
