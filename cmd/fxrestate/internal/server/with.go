package server

import (
	"context"

	"github.com/fxrestate/go/admin"
)

// With does something with a client of the server that the flags name.
func (f *Flags) With(ctx context.Context, do func(ctx context.Context, client *admin.Client) error) error {
	client, err := f.Client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	return do(ctx, client)
}
