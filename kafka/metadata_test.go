package kafka_test

import (
	"encoding/base64"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/kafka"
)

func TestMetadataIsReadFromHeaders(t *testing.T) {
	t.Parallel()
	all := map[string]string{
		"restate.subscription.id": "sub_1", "kafka.topic": "posts", "kafka.partition": "3", "kafka.offset": "5000000000",
		"kafka.timestamp": "1700000000123", "kafka.key": "__77774=", "x-own": "own",
	}
	with := func(name, value string) map[string]string {
		headers := map[string]string{}
		for n, v := range all {
			headers[n] = v
		}
		headers[name] = value
		return headers
	}
	whole := kafka.Metadata{
		Subscription: "sub_1", Topic: "posts", Partition: 3, Offset: 5000000000,
		Timestamp: time.UnixMilli(1700000000123).UTC(), Key: []byte{0xff, 0xfe, 0xfb, 0xef, 0xbe},
	}
	changed := func(change func(*kafka.Metadata)) kafka.Metadata {
		m := whole
		change(&m)
		return m
	}
	for _, row := range []struct {
		name    string
		headers map[string]string
		want    kafka.Metadata // zero: none
	}{
		{"of a record", all, whole},
		{"of a record without a time", with("kafka.timestamp", ""), changed(func(m *kafka.Metadata) { m.Timestamp = time.Time{} })},
		{"of a record without a key", with("kafka.key", ""), changed(func(m *kafka.Metadata) { m.Key = nil })},
		{"of an older server", with("kafka.topic", ""), changed(func(m *kafka.Metadata) { m.Topic = "" })},
		{"of a key without padding", with("kafka.key", "__77774"), whole},
		{"of a call over HTTP", map[string]string{"x-own": "own"}, kafka.Metadata{}},
		{"of nobody", nil, kafka.Metadata{}},
		{"without a subscription", with("restate.subscription.id", ""), kafka.Metadata{}},
		{"without an offset", with("kafka.offset", ""), kafka.Metadata{}},
		{"with a partition that is too large", with("kafka.partition", "2147483648"), kafka.Metadata{}},
		{"with a time that is none", with("kafka.timestamp", "noon"), kafka.Metadata{}},
		{"with a key that is not encoded", with("kafka.key", "a b"), kafka.Metadata{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, ok := kafka.MetadataOf(row.headers)
			require.Equal(t, row.want, got)
			require.Equal(t, row.want.Subscription != "", ok)
		})
	}
}

func FuzzMetadataOf(f *testing.F) {
	f.Add("sub_1", "posts", "3", "5000000000", "1700000000123", "__77774=")
	f.Add("", "", "-1", "x", "9223372036854775807", "====")
	f.Fuzz(func(t *testing.T, subscription, topic, partition, offset, timestamp, key string) {
		m, ok := kafka.MetadataOf(map[string]string{
			"restate.subscription.id": subscription, "kafka.topic": topic, "kafka.partition": partition,
			"kafka.offset": offset, "kafka.timestamp": timestamp, "kafka.key": key,
		})
		if !ok {
			require.Zero(t, m)
			return
		}
		require.Equal(t, subscription, m.Subscription)
		// What is read says the same when it is written.
		again, ok := kafka.MetadataOf(map[string]string{
			"restate.subscription.id": m.Subscription, "kafka.topic": m.Topic,
			"kafka.partition": strconv.Itoa(int(m.Partition)), "kafka.offset": strconv.FormatInt(m.Offset, 10),
			"kafka.timestamp": timestamp, "kafka.key": base64.URLEncoding.EncodeToString(m.Key),
		})
		require.True(t, ok)
		require.Equal(t, string(m.Key), string(again.Key))
		require.Equal(t, m.Offset, again.Offset)
		require.Equal(t, m.Partition, again.Partition)
	})
}
