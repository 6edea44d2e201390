// Package subscriptions has the commands that look at Kafka subscriptions and change them.
package subscriptions
