package main

import (
	"context"
	"log/slog"
	"strings"
	"sync"
)

// What a network says of a post.
const (
	Pending  = "pending"
	Accepted = "accepted"
	Refused  = "refused"
)

// looks is how often a post is pending when somebody asks.
const looks = 2

// Network is a social network with moderators, who take their time. A real one is another
// system.
type Network struct {
	log *slog.Logger

	mu     sync.Mutex
	closed bool
	posts  []string // "user: text", in the order of their creation
	ids    map[string]string
	asked  map[string]int
}

// NewNetwork is the constructor of Network.
func NewNetwork(log *slog.Logger) *Network {
	return &Network{log: log, ids: map[string]string{}, asked: map[string]int{}}
}

// Close sends the moderators home, or back to work. Without them all posts are pending.
func (n *Network) Close(closed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = closed
}

// Create creates a post, once for each id of a user.
func (n *Network) Create(ctx context.Context, user string, post Post) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := user + "/" + post.ID
	if _, known := n.ids[id]; known {
		return nil
	}
	n.ids[id] = post.Text
	n.posts = append(n.posts, user+": "+post.Text)
	n.log.InfoContext(ctx, "post created", "user", user, "text", post.Text)
	return nil
}

// Status says whether a post is accepted. One with "spam" in it is not.
func (n *Network) Status(_ context.Context, user, id string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id = user + "/" + id
	if n.closed || n.asked[id] < looks {
		n.asked[id]++
		return Pending, nil
	}
	if strings.Contains(n.ids[id], "spam") {
		return Refused, nil
	}
	return Accepted, nil
}

// Posts returns all posts as "user: text", in the order of their creation.
func (n *Network) Posts() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.posts...)
}
