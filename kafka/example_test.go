package kafka_test

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/kafka"
	"github.com/fxrestate/go/pipeline"
)

// Feed takes the records of a topic.
type Feed struct{}

// Post says which record it is called for.
func (*Feed) Post(ctx restate.Context, text string) (string, error) {
	record, ok := kafka.MetadataFrom(ctx)
	if !ok {
		return "no record: " + text, nil
	}
	return fmt.Sprintf("%s/%d/%d: %s", record.Topic, record.Partition, record.Offset, text), nil
}

func ExampleMetadataFrom() {
	client, stop := testkit.StartApp(
		// A handler that Kafka calls can be called otherwise, too. To subscribe it, add
		// fxrestate.Subscribe((*Feed).Post, "kafka://main/posts").
		fxrestate.Service[*Feed](func() *Feed { return &Feed{} }),
		fx.NopLogger,
	)
	defer stop()
	said, err := ingress.Call(context.Background(), ingress.NewService[*Feed](client), (*Feed).Post, "hello")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(said)
	// Output: no record: hello
}

// In a handler that gets dead letters, the headers of the letter say which record it was.
func ExampleMetadataOf() {
	letter := pipeline.Letter{
		Message: "invalid character", Input: []byte("{"),
		Headers: map[string]string{
			"restate.subscription.id": "sub_1", "kafka.topic": "posts", "kafka.partition": "2", "kafka.offset": "40", "kafka.key": "YWRh",
		},
	}
	if record, ok := kafka.MetadataOf(letter.Headers); ok {
		fmt.Printf("%s/%d/%d of %s: %s\n", record.Topic, record.Partition, record.Offset, record.Key, letter.Message)
	}
	// Output: posts/2/40 of ada: invalid character
}
