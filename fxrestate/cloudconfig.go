package fxrestate

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/httpclient"
)

// The forms of the fields of [Cloud]. The endpoint decodes the key.
var (
	environmentForm = regexp.MustCompile(`^env_[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
	regionForm      = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)
	tokenForm       = regexp.MustCompile(`^[!-~]+$`)
	keyForm         = regexp.MustCompile(`^publickeyv1_[1-9A-HJ-NP-Za-km-z]{32,44}$`)
	tunnelForm      = regexp.MustCompile(`^[A-Za-z0-9]+([._-]+[A-Za-z0-9]+)*$`)
)

// withCloud returns the configuration with what Cloud sets, and without Cloud.
func (c Config) withCloud() Config {
	if c.Cloud == nil {
		return c
	}
	cloud := *c.Cloud
	c.Register = c.registration()
	c.Cloud = nil
	if c.Ingress.URL == "" {
		c.Ingress.URL = cloud.IngressURL()
		if !authorized(c.Ingress.AuthToken, c.Ingress.Headers) {
			c.Ingress.AuthToken = cloud.Token
		}
	}
	if c.Admin.URL == "" {
		c.Admin.URL = cloud.AdminURL()
		if !authorized(c.Admin.AuthToken, c.Admin.Headers) {
			c.Admin.AuthToken = cloud.Token
		}
	}
	if keys := c.Endpoint.IdentityKeys; cloud.IdentityKey != "" && !slices.Contains(keys, cloud.IdentityKey) {
		c.Endpoint.IdentityKeys = append(slices.Clone(keys), cloud.IdentityKey)
	}
	if cloud.Tunnel != "" && c.Register != nil {
		if url, err := cloud.through(c.Register.URL); err == nil { // checkCloud reports it
			c.Register.URL = url
		}
	}
	return c
}

// registration returns Register. With a tunnel it is a copy, in which the URL is set.
func (c Config) registration() *deployment.Config {
	if c.Cloud == nil || c.Cloud.Tunnel == "" || c.Endpoint.Mode == endpoint.Lambda {
		return c.Register
	}
	var r deployment.Config
	if c.Register != nil {
		r = *c.Register
	}
	r.URL = cmp.Or(r.URL, localURL)
	return &r
}

// checkCloud returns all mistakes in Cloud. Errors have the name of a field, or another
// if name returns one.
func (c Config) checkCloud(name func(field string) string) (errs []error) {
	if c.Cloud == nil {
		return nil
	}
	cloud := *c.Cloud
	bad := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("fxrestate: "+name(field)+" "+format, args...))
	}
	must := func(field, value, want string) {
		if value != "" && value == cloud.Token || strings.HasPrefix(value, "key_") { // in the wrong field
			value = httpclient.Redacted
		}
		bad(field, "is %q: it must be %s", value, want)
	}
	if !environmentForm.MatchString(cloud.EnvironmentID) {
		must("Cloud.EnvironmentID", cloud.EnvironmentID, `the id that the Cloud UI shows, such as "env_201hy10cd3h6426jy80tb32n6en"`)
	}
	if !regionForm.MatchString(cloud.Region) || strings.HasSuffix(cloud.Region, cloudDomain) {
		must("Cloud.Region", cloud.Region, `"us", "eu" or the identifier of your own region, without "restate.cloud"`)
	}
	c.checkToken(bad)
	own := len(c.Endpoint.IdentityKeys) > 0 || c.Endpoint.Mode == endpoint.Lambda
	if !keyForm.MatchString(cloud.IdentityKey) && (cloud.IdentityKey != "" || !own) {
		must("Cloud.IdentityKey", cloud.IdentityKey, `the public key that the Cloud UI shows under Developers > Security, "publickeyv1_…", without which everybody can invoke the handlers`)
	}
	if cloud.Tunnel == "" {
		return errs
	}
	switch {
	case !tunnelForm.MatchString(cloud.Tunnel):
		must("Cloud.Tunnel", cloud.Tunnel, `the name that the tunnel's client has, such as "prod-tunnel"`)
	case c.Endpoint.Mode == endpoint.Lambda:
		bad("Cloud.Tunnel", "is %q, and Restate Cloud reaches a Lambda function without a tunnel: leave it empty", cloud.Tunnel)
	}
	if r := c.registration(); r != nil && (deployment.Config{URL: r.URL}).Validate() == nil {
		if _, err := cloud.through(r.URL); err != nil {
			bad("Register.URL", "is %q: behind a tunnel it %w", r.URL, err)
		}
	}
	return errs
}

// checkToken reports a token that is wrong or missing, without showing it.
func (c Config) checkToken(bad func(field, format string, args ...any)) {
	const field, want = "Cloud.Token", `it must be an API key of the environment, "key_…"`
	wanted := c.Ingress.URL == "" && !authorized(c.Ingress.AuthToken, c.Ingress.Headers) ||
		c.Admin.URL == "" && !authorized(c.Admin.AuthToken, c.Admin.Headers)
	switch token := c.Cloud.Token; {
	case token == "" && wanted:
		bad(field, "is empty: "+want)
	case token == "":
	case !tokenForm.MatchString(token):
		bad(field, "has a space, a line break or another character that no API key has (a newline at the end of a secret file, perhaps): "+want)
	case strings.HasPrefix(token, "env_"):
		bad(field, "begins with \"env_\", as the id of an environment does: "+want)
	case strings.HasPrefix(token, "publickeyv1_"):
		bad(field, "begins with \"publickeyv1_\", as a public key does: "+want)
	}
}

// authorized reports whether requests have credentials of their own.
func authorized(token string, headers map[string]string) bool {
	for name := range headers {
		if http.CanonicalHeaderKey(name) == "Authorization" {
			return true
		}
	}
	return token != ""
}
