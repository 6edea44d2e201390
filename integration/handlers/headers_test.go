package handlers_test

import (
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Addressee tells what came with its invocation.
type Addressee struct{}

// Record is the record of Kafka, or nil.
func (Addressee) Record(ctx restate.Context) (*durable.KafkaRecord, error) {
	record, ok, err := durable.KafkaRecordOf(ctx)
	if err != nil || !ok {
		return nil, err
	}
	return &record, nil
}

// Envelope has headers as the caller sent them, and as Restate sends them with an
// attempt.
type Envelope struct {
	Request map[string]string
	Attempt http.Header
}

// Envelopes looks before and after it has waited.
func (Addressee) Envelopes(ctx restate.Context) ([]Envelope, error) {
	look := func() Envelope { return Envelope{ctx.Request().Headers.ToMap(), ctx.Request().AttemptHeaders} }
	// What differs between attempts has to be journaled.
	first, err := restate.Run(ctx, func(restate.RunContext) (Envelope, error) { return look(), nil })
	if err != nil {
		return nil, err
	}
	if err := restate.Sleep(ctx, 10*time.Millisecond); err != nil {
		return nil, err
	}
	return []Envelope{first, look()}, nil
}

func startAddressee(t *testing.T) string {
	name := testkit.Unique("addressee")
	testkit.Start(t, fxrestate.Service[Addressee](testkit.Made(Addressee{}), fxrestate.Name(name)))
	return name
}

func TestRecordOfKafkaIsReadFromTheHeadersOfItsInvocation(t *testing.T) {
	t.Parallel()
	name := startAddressee(t)
	const id, partition, offset, at = "Restate.Subscription.Id", "Kafka.Partition", "Kafka.Offset", "Kafka.Timestamp"
	for when, test := range map[string]struct {
		headers []string
		want    *durable.KafkaRecord
	}{
		"all are there":   {[]string{id, "sub_1", partition, "3", offset, "5000000000", at, "1700000000123"}, &durable.KafkaRecord{Subscription: "sub_1", Partition: 3, Offset: 5000000000, Timestamp: time.UnixMilli(1700000000123).UTC()}},
		"without a time":  {[]string{id, "sub_1", partition, "0", offset, "0"}, &durable.KafkaRecord{Subscription: "sub_1"}},
		"without any":     {nil, nil},
		"of another kind": {[]string{partition, "3", offset, "many"}, nil},
	} {
		t.Run(when, func(t *testing.T) {
			require.Equal(t, test.want, testkit.Decode[*durable.KafkaRecord](t, testkit.Post(t, testkit.Path(name, "Record"), nil, test.headers...)), when)
		})
	}
	for says, headers := range map[string][]string{
		"header kafka.offset of a record from Kafka: strconv.ParseInt: parsing \"many\"":          {id, "sub_1", partition, "3", offset, "many"},
		"header kafka.offset of a record from Kafka: strconv.ParseInt: parsing \"\"":              {id, "sub_1", partition, "3"},
		"header kafka.partition of a record from Kafka: strconv.ParseInt: parsing \"2147483648\"": {id, "sub_1", partition, "2147483648", offset, "1"},
		"header kafka.timestamp of a record from Kafka: strconv.ParseInt: parsing \"noon\"":       {id, "sub_1", partition, "3", offset, "1", at, "noon"},
	} {
		t.Run(says, func(t *testing.T) {
			got := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Record"), nil, headers...))
			require.Equal(t, http.StatusBadRequest, got.Code)
			require.Contains(t, got.Message, says)
		})
	}
}

func TestHeadersOfTheCallerAreToldFromThoseOfAnAttempt(t *testing.T) {
	t.Parallel()
	name := startAddressee(t)
	const sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	got := testkit.Decode[[]Envelope](t, testkit.Post(t, testkit.Path(name, "Envelopes"), nil, "Traceparent", sent, "X-Own", "own"))
	require.Len(t, got, 2)
	for _, e := range got {
		require.Equal(t, sent, e.Request["traceparent"])
		require.Equal(t, "own", e.Request["x-own"])
		require.NotContains(t, e.Request, "content-type", "there was no body")
		require.Empty(t, e.Attempt.Values("X-Own"))
		require.NotEqual(t, sent, e.Attempt.Get("Traceparent"))
		require.NotEmpty(t, e.Attempt.Get("X-Restate-Invocation-Id"))
		require.Regexp(t, `^application/vnd\.restate\.invocation\.v\d+$`, e.Attempt.Get("Content-Type"))
	}
	require.Equal(t, got[0].Request, got[1].Request, "all attempts see the same")
}
