package durable

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// The headers of invocations that come from a subscription.
const (
	subscriptionHeader   = "restate.subscription.id"
	kafkaPartitionHeader = "kafka.partition"
	kafkaOffsetHeader    = "kafka.offset"
	kafkaTimestampHeader = "kafka.timestamp"
)

// KafkaRecord identifies the record of Kafka that an invocation was made for. The record's
// key is the key of the object or the id of the workflow, its value is the input, and its
// headers are among those of the request.
type KafkaRecord struct {
	// Subscription is the id of the subscription that delivered it.
	Subscription string
	// Partition and Offset locate it in its topic.
	Partition int32
	Offset    int64
	// Timestamp of the record, in UTC. Zero if it has none.
	Timestamp time.Time
}

// KafkaRecordOf returns the record that the invocation was made for, and false if it
// did not come from a subscription
// (https://docs.restate.dev/services/invocation/kafka). All attempts see the same.
//
// It is read from headers, which every client of the ingress can send: it does not prove
// where the invocation came from. Headers that are missing or not numbers are a terminal
// error with code 400.
func KafkaRecordOf(ctx restate.Context) (record KafkaRecord, ok bool, err error) {
	if record.Subscription = Header(ctx, subscriptionHeader); record.Subscription == "" {
		return record, false, nil
	}
	partition, err := kafkaNumber(kafkaPartitionHeader, Header(ctx, kafkaPartitionHeader), 32)
	if err != nil {
		return KafkaRecord{}, false, err
	}
	record.Partition = int32(partition)
	if record.Offset, err = kafkaNumber(kafkaOffsetHeader, Header(ctx, kafkaOffsetHeader), 64); err != nil {
		return KafkaRecord{}, false, err
	}
	if at := Header(ctx, kafkaTimestampHeader); at != "" {
		millis, err := kafkaNumber(kafkaTimestampHeader, at, 64)
		if err != nil {
			return KafkaRecord{}, false, err
		}
		record.Timestamp = time.UnixMilli(millis).UTC()
	}
	return record, true, nil
}

func kafkaNumber(header, value string, bits int) (int64, error) {
	n, err := strconv.ParseInt(value, 10, bits)
	if err != nil {
		return 0, badRequest(fmt.Errorf("durable: header %s of a record from Kafka: %w", header, err))
	}
	return n, nil
}

func badRequest(err error) error {
	return restate.ToTerminalError(err, restate.WithErrorCode(http.StatusBadRequest))
}
