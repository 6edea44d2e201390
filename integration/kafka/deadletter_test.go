package kafka_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/kafka"
	"github.com/fxrestate/go/pipeline"
)

// Ledger refuses some records.
type Ledger struct{ booked chan string }

// Book takes the amounts of an account, one after the other.
func (l *Ledger) Book(ctx restate.ObjectContext, post Post) error {
	// A step first, so that the failure is of an attempt that replays.
	text, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return post.Text, nil })
	if err != nil {
		return err
	}
	if text == "refused" {
		return restate.ToTerminalError(errors.New("the account is closed"), restate.WithErrorCode(http.StatusGone))
	}
	l.booked <- restate.Key(ctx) + " " + text
	return nil
}

// Graveyard takes what failed, and publishes it.
type Graveyard struct {
	client  *kgo.Client
	topic   string
	letters chan pipeline.Letter
}

var publish = durable.NewStep[restate.Void]("publish")

// Bury publishes the record of a letter as it was, with its error in a header.
func (g *Graveyard) Bury(ctx restate.Context, letter pipeline.Letter) error {
	record, ok := kafka.MetadataOf(letter.Headers)
	if !ok {
		return nil // the call did not come from Kafka
	}
	_, err := publish.Run(ctx, func(ctx context.Context) (restate.Void, error) {
		return restate.Void{}, g.client.ProduceSync(ctx, &kgo.Record{
			Topic: g.topic, Key: record.Key, Value: letter.Input,
			Headers: []kgo.RecordHeader{{Key: "error", Value: []byte(letter.Message)}},
		}).FirstErr()
	})
	if err == nil {
		g.letters <- letter
	}
	return err
}

func TestPoisonGoesToTheDeadLettersAndHoldsUpNoOtherRecord(t *testing.T) {
	t.Parallel()
	name, graves := testkit.Unique("Ledger"), testkit.Unique("Graveyard")
	topic, dead := newTopic(t, 1), newTopic(t, 1)
	ledger := &Ledger{booked: make(chan string, 10)}
	graveyard := &Graveyard{client: newClient(t), topic: dead, letters: make(chan pipeline.Letter, 10)}
	start(t,
		fxrestate.Service[*Graveyard](testkit.Made(graveyard), fxrestate.Name(graves)),
		fxrestate.Object[*Ledger](testkit.Made(ledger), fxrestate.Name(name),
			fxrestate.Subscribe((*Ledger).Book, source(topic), earliest),
			fxrestate.Handler((*Ledger).Book, fxrestate.DeadLetter((*Graveyard).Bury))))
	sent := produce(t, topic,
		&kgo.Record{Key: []byte("ada"), Value: []byte("\x00{no JSON")},
		record("ada", Post{Text: "refused"}),
		&kgo.Record{Key: []byte("ada")}, // a tombstone
		record("ada", Post{Text: "booked"}))
	require.Equal(t, "ada booked", testkit.Receive(t, ledger.booked))

	subscription := subscriptionsTo(t, name)[0].ID
	letters := map[int64]pipeline.Letter{}
	for range 3 {
		letter := testkit.Receive(t, graveyard.letters)
		record, ok := kafka.MetadataOf(letter.Headers)
		require.True(t, ok)
		require.Equal(t, kafka.Metadata{
			Subscription: subscription, Topic: topic, Offset: record.Offset, Key: []byte("ada"), Timestamp: sent[record.Offset].Timestamp.UTC(),
		}, record)
		require.Equal(t, name, letter.Service)
		require.Equal(t, "Book", letter.Handler)
		require.Equal(t, "ada", letter.Key)
		require.Equal(t, string(sent[record.Offset].Value), string(letter.Input), "byte for byte")
		letters[record.Offset] = letter
	}
	require.Len(t, letters, 3, "one for each")
	require.EqualValues(t, http.StatusBadRequest, letters[0].Code)
	require.EqualValues(t, http.StatusGone, letters[1].Code)
	require.Equal(t, "the account is closed", letters[1].Message)
	require.EqualValues(t, http.StatusBadRequest, letters[2].Code)

	published := map[string]string{}
	for _, r := range consume(t, dead, 3) {
		require.Equal(t, "ada", string(r.Key))
		published[string(r.Value)] = string(r.Headers[0].Value)
	}
	require.Equal(t, "the account is closed", published[string(sent[1].Value)])
	require.Contains(t, published, "\x00{no JSON")
}

// Flaky fails until it succeeds.
type Flaky struct {
	failures chan struct{} // as many as there are to be
	done     chan string
}

// Take keeps the record of its key until it succeeds.
func (f *Flaky) Take(ctx restate.ObjectContext, post Post) error {
	select {
	case <-f.failures:
		return http.ErrServerClosed // any error that is not terminal
	default:
		f.done <- restate.Key(ctx) + " " + post.Text
		return nil
	}
}

func TestAFailureThatIsNotTerminalIsTriedAgainAndLeavesNoLetter(t *testing.T) {
	t.Parallel()
	name, graves, topic := testkit.Unique("Flaky"), testkit.Unique("Graveyard"), newTopic(t, 1)
	flaky := &Flaky{failures: make(chan struct{}, 3), done: make(chan string, 10)}
	for range cap(flaky.failures) {
		flaky.failures <- struct{}{}
	}
	graveyard := &Graveyard{letters: make(chan pipeline.Letter, 10)}
	start(t,
		fxrestate.Service[*Graveyard](testkit.Made(graveyard), fxrestate.Name(graves)),
		fxrestate.Object[*Flaky](testkit.Made(flaky), fxrestate.Name(name), testkit.RetrySoon(),
			fxrestate.DeadLetter((*Graveyard).Bury), fxrestate.Subscribe((*Flaky).Take, source(topic), earliest)))
	produce(t, topic, record("k", Post{Text: "1"}), record("k", Post{Text: "2"}))
	require.Equal(t, "k 1", testkit.Receive(t, flaky.done))
	require.Equal(t, "k 2", testkit.Receive(t, flaky.done))
	require.Empty(t, graveyard.letters)
}
