package admin

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/mod/semver"

	"github.com/fxrestate/go/internal/httpclient"
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
	// Features are the server's experimental features, and whether they are on.
	Features map[string]bool `json:"features"`
}

// Compare returns -1, 0 or +1 as the server is older than a version such as "1.7.0", that
// version, or newer. A release is newer than its candidates. A part that is missing is 0. The
// error is about a version that is none.
func (v Version) Compare(version string) (int, error) {
	for _, text := range []string{v.Version, version} {
		if !semver.IsValid("v" + text) {
			return 0, fmt.Errorf("admin: %q is not a version, such as 1.7.0", httpclient.OneLine(text, maxID))
		}
	}
	return semver.Compare("v"+v.Version, "v"+version), nil
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

// ClusterHealth is what the server knows of its cluster.
type ClusterHealth struct {
	Name string `json:"cluster_name"`
	// Metadata is the cluster that keeps the metadata, if the servers keep it themselves.
	Metadata *struct {
		// Members are the numbers of the nodes.
		Members []int `json:"members"`
	} `json:"metadata_cluster_health"`
}

func (h *ClusterHealth) empty() bool { return h.Name == "" }

// ClusterHealth returns what the server knows of its cluster. The error is an [*Error] with
// status 503 for a cluster that is not set up yet.
func (c *Client) ClusterHealth(ctx context.Context) (ClusterHealth, error) {
	var health ClusterHealth
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"cluster-health"}}, &health)
	return health, err
}
