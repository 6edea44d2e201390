package restatetest

import (
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

// pointTo changes a configuration so that the application runs on the server of a test:
// where it listens, where the APIs are, and that it is registered. Credentials and keys of
// another server are left out.
func pointTo(cfg *fxrestate.Config, ingressURL, adminURL, endpointHost string, port int) {
	cfg.Cloud = nil
	cfg.Ingress.URL, cfg.Ingress.AuthToken = ingressURL, ""
	cfg.Admin.URL, cfg.Admin.AuthToken = adminURL, ""
	cfg.Endpoint.IdentityKeys, cfg.Endpoint.TLS = nil, nil
	cfg.HTTP.Addr = "127.0.0.1:0"

	var reg deployment.Config
	if cfg.Register != nil {
		reg = *cfg.Register
	}
	if reg.Mode == deployment.Manual || reg.Mode == deployment.DryRun {
		reg.Mode = deployment.Development
	}
	path := ""
	if cfg.Endpoint.Mode == endpoint.Mounted {
		// The endpoint is below the path that the application has in its own URL.
		if u, err := url.Parse(reg.URL); err == nil {
			path = u.EscapedPath()
		}
		cfg.HTTP.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	} else {
		cfg.Endpoint.Mode, cfg.Endpoint.Addr = endpoint.Listen, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	reg.Required = cfg.Endpoint.Mode != endpoint.Mounted
	reg.UseHTTP11, reg.MoveStranded = false, false
	reg.URL = fmt.Sprintf("http://%s%s", net.JoinHostPort(endpointHost, strconv.Itoa(port)), path)
	cfg.Register = &reg
}
