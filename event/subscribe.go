package event

import "log/slog"

// SubscriptionCreated tells that a handler was subscribed to a topic of Kafka.
type SubscriptionCreated Subscription

func (e SubscriptionCreated) line() line {
	return line{slog.LevelInfo, "subscribed to a topic of Kafka", Subscription(e).attrs()}
}

// SubscriptionRemoved tells that a subscription of this application was removed.
type SubscriptionRemoved Subscription

func (e SubscriptionRemoved) line() line {
	return line{slog.LevelInfo, "removed a subscription to a topic of Kafka", Subscription(e).attrs()}
}

// Subscription is a subscription of a handler to a topic of Kafka.
type Subscription struct {
	ID string
	// Source is kafka://CLUSTER/TOPIC.
	Source string
	// Handler is SERVICE/HANDLER.
	Handler string
	// Reason in a few words.
	Reason string
}

func (s Subscription) attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("subscription", s.ID), slog.String("source", s.Source), slog.String("handler", s.Handler), slog.String("reason", s.Reason),
	}
}
