package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Post is the value of a record of the topic posts. The key of the record is the user.
type Post struct {
	ID   string `json:"id"` // a post that is published twice is posted once
	Text string `json:"text"`
}

// Poll is how long a pending post is left alone before it is looked at again. The second
// time it is twice as long, and so on, up to a minute.
type Poll time.Duration

// newest is how many posts a feed keeps.
const newest = 100

// The state of a feed, and its steps.
var (
	posts      = durable.NewStateKey[[]Post]("posts")
	createPost = durable.NewStep[restate.Void]("create-post")
	postStatus = durable.NewStep[string]("post-status")
)

// UserFeed is a virtual object: the feed of one user.
type UserFeed struct {
	network *Network
	poll    time.Duration
}

// NewUserFeed is the constructor of UserFeed.
func NewUserFeed(network *Network, poll Poll) *UserFeed {
	return &UserFeed{network, time.Duration(poll)}
}

// ProcessPost posts to the network, and adds the post to the feed when it is accepted.
// Until then the next post of the user waits, and those of others do not. The network
// calls nobody back, so that there is nothing to wait for but time.
func (f *UserFeed) ProcessPost(ctx restate.ObjectContext, post Post) error {
	user := restate.Key(ctx)
	feed, err := posts.Get(ctx)
	if err != nil || slices.ContainsFunc(feed, func(p Post) bool { return p.ID == post.ID }) {
		return err
	}
	if post.ID == "" {
		return refuse(http.StatusUnprocessableEntity, "the post has no id")
	}
	err = durable.RunVoid(ctx, createPost, func(ctx context.Context) error { return f.network.Create(ctx, user, post) })
	if err != nil {
		return err
	}
	if err := f.awaitAccepted(ctx, user, post); err != nil {
		return err
	}
	feed = append(feed, post)
	return posts.Set(ctx, feed[max(0, len(feed)-newest):])
}

// awaitAccepted waits while the post is pending. The intervals grow, and so the journal of
// a post that nobody looks at stays small.
func (f *UserFeed) awaitAccepted(ctx restate.ObjectContext, user string, post Post) error {
	for wait := f.poll; ; wait = min(2*wait, time.Minute) {
		status, err := postStatus.Run(ctx, func(ctx context.Context) (string, error) { return f.network.Status(ctx, user, post.ID) })
		switch {
		case err != nil:
			return err
		case status == Accepted:
			return nil
		case status == Refused:
			return refuse(http.StatusForbidden, "the network has refused the post")
		}
		if err := restate.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// Posts returns the posts of the feed, the oldest first.
func (*UserFeed) Posts(ctx restate.ObjectSharedContext) ([]Post, error) {
	return posts.GetOr(ctx, []Post{})
}

// refuse makes a terminal error: the event is not tried again.
func refuse(code restate.Code, why string) error {
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(code))
}
