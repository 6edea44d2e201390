package kafka

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/fxrestate/go/durable"
)

// The headers of an invocation that was made for a record. The server passes none of the
// record's own.
const (
	subscriptionHeader = "restate.subscription.id"
	topicHeader        = "kafka.topic"
	partitionHeader    = "kafka.partition"
	offsetHeader       = "kafka.offset"
	timestampHeader    = "kafka.timestamp"
	keyHeader          = "kafka.key"
)

// Metadata says which record of Kafka an invocation was made for.
type Metadata struct {
	// Subscription is the id of the subscription that delivered the record.
	Subscription string
	// Topic, Partition and Offset locate the record. The topic is empty if the server is
	// older than 1.7.
	Topic     string
	Partition int32
	Offset    int64
	// Timestamp of the record, in UTC, to the millisecond. Zero if it has none.
	Timestamp time.Time
	// Key of the record, or nil if it has none.
	Key []byte
}

// MetadataFrom returns which record the invocation was made for, and false if it was not made
// for one. All attempts see the same. ctx is any context that descends from the handler's,
// also inside a step and in members of the pipeline.
//
// It is read from headers, which every client of the ingress can send: it does not prove
// where the invocation comes from. To let Kafka alone in, refuse the headers in front of the
// ingress.
func MetadataFrom(ctx context.Context) (m Metadata, ok bool) {
	return read(func(name string) string { return durable.Header(ctx, name) })
}

// MetadataOf is [MetadataFrom] for headers by their names in lower case, such as those of a
// pipeline.Letter.
func MetadataOf(headers map[string]string) (m Metadata, ok bool) {
	return read(func(name string) string { return headers[name] })
}

// read returns false for headers that Restate does not send.
func read(header func(name string) string) (Metadata, bool) {
	m := Metadata{Subscription: header(subscriptionHeader), Topic: header(topicHeader)}
	if m.Subscription == "" {
		return Metadata{}, false
	}
	partition, err := strconv.ParseInt(header(partitionHeader), 10, 32)
	if err != nil {
		return Metadata{}, false
	}
	m.Partition = int32(partition)
	if m.Offset, err = strconv.ParseInt(header(offsetHeader), 10, 64); err != nil {
		return Metadata{}, false
	}
	if at := header(timestampHeader); at != "" {
		millis, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return Metadata{}, false
		}
		m.Timestamp = time.UnixMilli(millis).UTC()
	}
	if key := header(keyHeader); key != "" {
		if m.Key, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(key, "=")); err != nil {
			return Metadata{}, false
		}
	}
	return m, true
}
