// Package kafka has what handlers need of records from Kafka. Restate calls a handler with
// each record of a topic that it is subscribed to: it is the consumer, and the application
// needs no client of Kafka.
//
// The subscription is declared beside the handler. The value of the record is the input:
//
//	fxrestate.Service[*Feed](NewFeed,
//		fxrestate.Subscribe((*Feed).Post, "kafka://main/posts", kafka.Options{"auto.offset.reset": "earliest"}),
//	)
//
// In the handler, [MetadataFrom] returns where the record was:
//
//	func (f *Feed) Post(ctx restate.Context, post Post) error {
//		if record, ok := kafka.MetadataFrom(ctx); ok {
//			f.log.InfoContext(ctx, "a post", "topic", record.Topic, "offset", record.Offset)
//		}
//		…
//	}
//
// The key of a record is the key of the object or the id of the workflow: records with one
// key are handled one after the other by an exclusive handler. Handlers of services ignore
// it. A handler with fxrestate.Raw takes the bytes of values that are not JSON.
//
// A record whose handler fails with a terminal error is done: the next is not held up. With
// fxrestate.DeadLetter such a record is handed to another handler, with its bytes and its
// error. There [MetadataOf] reads the headers of the letter.
//
// Everything else is in docs/kafka.md: ownership, configuration of the server, ordering, dead
// letters and publishing.
package kafka
