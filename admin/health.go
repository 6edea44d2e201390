package admin

import (
	"context"
	"net/http"
)

// Version describes the server.
type Version struct {
	// Version of the server, such as 1.7.12.
	Version string `json:"version"`
	// MinAdminAPIVersion and MaxAdminAPIVersion are the versions of the admin API
	// that the server supports.
	MinAdminAPIVersion int `json:"min_admin_api_version"`
	MaxAdminAPIVersion int `json:"max_admin_api_version"`
	// IngressEndpoint is the URL of the ingress as the server advertises it, or
	// empty.
	IngressEndpoint string `json:"ingress_endpoint"`
}

func (v *Version) empty() bool { return v.Version == "" }

// Health returns nil if the admin API is up.
func (c *Client) Health(ctx context.Context) error {
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"health"}}, nil)
	return err
}

// Version returns the version of the server.
func (c *Client) Version(ctx context.Context) (Version, error) {
	var version Version
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"version"}}, &version)
	return version, err
}
