package kafka

// Options are settings of the consumer that the server runs for a subscription, by their
// names in librdkafka (https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md).
// They are added to those that the server's configuration has for the cluster. The server
// does not check them: with a wrong one it logs an error again and again, and nothing is
// delivered.
//
// Often wanted:
//
//   - "auto.offset.reset": where a new consumer group begins. "earliest" is with the oldest
//     record there is. Default: "largest", with records that come after it.
//   - "group.id": the consumer group. Default: one that Restate or the framework makes up,
//     other for each server, topic and handler. Name one to go on where another consumer
//     stopped, and where Kafka's access control knows groups by name.
//
// Everybody who can read the admin API sees them: credentials belong in the configuration of
// the server. "client.id" is the framework's own.
type Options map[string]string
