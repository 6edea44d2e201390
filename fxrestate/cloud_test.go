package fxrestate_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

const (
	cloudToken = "key_s3cret"
	cloudKey   = "publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"
	otherKey   = "publickeyv1_FciD4i2WPEYinnKaCzFZAPTUsRxTCpJM6FyQmezmkkoj"
	cloudURL   = "https://20d1231jyphzkm8.env.eu.restate.cloud"
	tunnelURL  = "https://tunnel.eu.restate.cloud:9080/20d1231jyphzkm8/test-tunnel"
)

// cloud is a correct one, changed.
func cloud(change ...func(*fxrestate.Cloud)) *fxrestate.Cloud {
	c := &fxrestate.Cloud{EnvironmentID: "env_20d1231jyphzkm8", Region: "eu", Token: cloudToken, IdentityKey: cloudKey}
	for _, f := range change {
		f(c)
	}
	return c
}

// tunnel is a change of a Cloud.
func tunnel(c *fxrestate.Cloud) { c.Tunnel = "test-tunnel" }

func TestCloudSetsWhatIsNotSetByHand(t *testing.T) {
	t.Parallel()
	public := ingress.Config{URL: cloudURL + ":8080", AuthToken: cloudToken}
	private := admin.Config{URL: cloudURL + ":9070", AuthToken: cloudToken}
	signed := endpoint.Config{IdentityKeys: []string{cloudKey}}
	for name, test := range map[string]struct{ given, want fxrestate.Config }{
		"without Cloud nothing": {
			fxrestate.Config{Endpoint: endpoint.Config{IdentityKeys: []string{otherKey}}},
			fxrestate.Config{Endpoint: endpoint.Config{IdentityKeys: []string{otherKey}}},
		},
		"URLs, tokens and the key": {
			fxrestate.Config{Cloud: cloud()},
			fxrestate.Config{Ingress: public, Admin: private, Endpoint: signed},
		},
		"the key beside others, for a rotation": {
			fxrestate.Config{Cloud: cloud(), Endpoint: endpoint.Config{IdentityKeys: []string{otherKey}}},
			fxrestate.Config{Ingress: public, Admin: private, Endpoint: endpoint.Config{IdentityKeys: []string{otherKey, cloudKey}}},
		},
		"the key once": {
			fxrestate.Config{Cloud: cloud(), Endpoint: endpoint.Config{IdentityKeys: []string{cloudKey, otherKey}}},
			fxrestate.Config{Ingress: public, Admin: private, Endpoint: endpoint.Config{IdentityKeys: []string{cloudKey, otherKey}}},
		},
		"no key, where there are others": {
			fxrestate.Config{
				Cloud:    cloud(func(c *fxrestate.Cloud) { c.IdentityKey = "" }),
				Endpoint: endpoint.Config{IdentityKeys: []string{otherKey}},
			},
			fxrestate.Config{Ingress: public, Admin: private, Endpoint: endpoint.Config{IdentityKeys: []string{otherKey}}},
		},
		"no token of an API at another URL, which might not be Restate Cloud": {
			fxrestate.Config{Cloud: cloud(), Ingress: ingress.Config{URL: "http://localhost:8080"}, Admin: admin.Config{URL: "http://localhost:9070"}},
			fxrestate.Config{Ingress: ingress.Config{URL: "http://localhost:8080"}, Admin: admin.Config{URL: "http://localhost:9070"}, Endpoint: signed},
		},
		"no token where there is one": {
			fxrestate.Config{Cloud: cloud(), Ingress: ingress.Config{AuthToken: "key_calls"}, Admin: admin.Config{AuthToken: "key_admin"}},
			fxrestate.Config{
				Ingress:  ingress.Config{URL: cloudURL + ":8080", AuthToken: "key_calls"},
				Admin:    admin.Config{URL: cloudURL + ":9070", AuthToken: "key_admin"},
				Endpoint: signed,
			},
		},
		"no token where a header has one": {
			fxrestate.Config{
				Cloud:   cloud(),
				Ingress: ingress.Config{Headers: map[string]string{"authorization": "Bearer key_calls"}},
				Admin:   admin.Config{Headers: map[string]string{"Authorization": "Bearer key_admin"}},
			},
			fxrestate.Config{
				Ingress:  ingress.Config{URL: cloudURL + ":8080", Headers: map[string]string{"authorization": "Bearer key_calls"}},
				Admin:    admin.Config{URL: cloudURL + ":9070", Headers: map[string]string{"Authorization": "Bearer key_admin"}},
				Endpoint: signed,
			},
		},
		"no registration of a public endpoint": {
			fxrestate.Config{Cloud: cloud(), Register: &deployment.Config{URL: "https://api.example", Required: true}},
			fxrestate.Config{Ingress: public, Admin: private, Endpoint: signed, Register: &deployment.Config{URL: "https://api.example", Required: true}},
		},
		"the registration of what the tunnel's client has on its machine": {
			fxrestate.Config{Cloud: cloud(tunnel)},
			fxrestate.Config{Ingress: public, Admin: private, Endpoint: signed, Register: &deployment.Config{URL: tunnelURL + "/http/localhost/{{port}}"}},
		},
		"the URL of the registration, and nothing else of it": {
			fxrestate.Config{Cloud: cloud(tunnel), Register: &deployment.Config{Required: true, Metadata: map[string]string{"team": "orders"}}},
			fxrestate.Config{Ingress: public, Admin: private, Endpoint: signed, Register: &deployment.Config{
				URL: tunnelURL + "/http/localhost/{{port}}", Required: true, Metadata: map[string]string{"team": "orders"},
			}},
		},
		"the URL of the registration around that of the endpoint": {
			fxrestate.Config{Cloud: cloud(tunnel), Register: &deployment.Config{URL: "http://orders.shop.svc:9080"}},
			fxrestate.Config{Ingress: public, Admin: private, Endpoint: signed, Register: &deployment.Config{URL: tunnelURL + "/http/orders.shop.svc/9080"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, test.given.Validate())
			register := test.given.Register
			var before deployment.Config
			if register != nil {
				before = *register
			}
			got := fxrestate.WithCloud(test.given)
			require.Equal(t, test.want, got)
			require.NoError(t, got.Validate())
			if register != nil {
				require.Equal(t, before, *register, "the Config that was given is another's")
			}
		})
	}
}

func TestCloudAddsItsKeyToACopy(t *testing.T) {
	t.Parallel()
	keys := []string{otherKey, "another slice's"}
	got := fxrestate.WithCloud(fxrestate.Config{Cloud: cloud(), Endpoint: endpoint.Config{IdentityKeys: keys[:1]}})
	require.Equal(t, []string{otherKey, cloudKey}, got.Endpoint.IdentityKeys)
	require.Equal(t, []string{otherKey, "another slice's"}, keys)
}

func TestTunnelURLHasTheFormOfTheDocumentation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ endpoint, want string }{
		"of a port":                         {"http://localhost:9080", "/http/localhost/9080"},
		"of the bound port":                 {"http://localhost:{{port}}", "/http/localhost/{{port}}"},
		"of an address":                     {"http://10.0.0.7:9080", "/http/10.0.0.7/9080"},
		"of a host in a cluster":            {"http://orders.shop.svc.cluster.local:9080", "/http/orders.shop.svc.cluster.local/9080"},
		"of the default port":               {"http://orders", "/http/orders/80"},
		"of the default port of https":      {"https://orders", "/https/orders/443"},
		"of a scheme in capitals":           {"HTTPS://orders:8443", "/https/orders/8443"},
		"of a mounted endpoint":             {"http://orders:3000/restate/v1", "/http/orders/3000/restate/v1"},
		"of a path with a slash at its end": {"http://orders:3000/restate/", "/http/orders/3000/restate"},
		"of a root":                         {"http://orders:3000/", "/http/orders/3000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := cloud(tunnel).TunnelURL(test.endpoint)
			require.NoError(t, err)
			require.Equal(t, tunnelURL+test.want, got)
		})
	}
	for name, test := range map[string]struct{ endpoint, want string }{
		"an IPv6 address": {"http://[::1]:9080", `fxrestate: the URL "http://[::1]:9080" has an IPv6 address`},
		"a tunnel":        {tunnelURL + "/http/localhost/9080", "is in Restate Cloud already"},
		"no URL":          {"localhost:9080", "does not start with http:// or https://"},
		"nothing":         {"", "is empty"},
	} {
		t.Run(name+" is an error", func(t *testing.T) {
			t.Parallel()
			_, err := cloud(tunnel).TunnelURL(test.endpoint)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestMistakeInCloudIsReportedWithItsField(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*fxrestate.Config)
		want   string
	}{
		"an id without its prefix": {
			func(c *fxrestate.Config) { c.Cloud.EnvironmentID = "20d1231jyphzkm8" },
			`Cloud.EnvironmentID is "20d1231jyphzkm8": it must be the id that the Cloud UI shows, such as "env_201hy10cd3h6426jy80tb32n6en"`,
		},
		"a prefix without an id": {func(c *fxrestate.Config) { c.Cloud.EnvironmentID = "env_" }, `Cloud.EnvironmentID is "env_"`},
		"an id with a path":      {func(c *fxrestate.Config) { c.Cloud.EnvironmentID = "env_a/b" }, `Cloud.EnvironmentID is "env_a/b"`},
		"no id":                  {func(c *fxrestate.Config) { c.Cloud.EnvironmentID = "" }, `Cloud.EnvironmentID is ""`},
		"a token in place of the id": {
			func(c *fxrestate.Config) { c.Cloud.EnvironmentID = cloudToken }, `Cloud.EnvironmentID is "[redacted]"`,
		},
		"another token in place of the key": {
			func(c *fxrestate.Config) { c.Cloud.IdentityKey = "key_other" }, `Cloud.IdentityKey is "[redacted]"`,
		},
		"a token of a person in place of the id": {
			func(c *fxrestate.Config) { c.Cloud.Token = "eyJhbGciOi"; c.Cloud.EnvironmentID = "eyJhbGciOi" }, `Cloud.EnvironmentID is "[redacted]"`,
		},
		"a region in capitals": {
			func(c *fxrestate.Config) { c.Cloud.Region = "EU" },
			`Cloud.Region is "EU": it must be "us", "eu" or the identifier of your own region, without "restate.cloud"`,
		},
		"no region":                      {func(c *fxrestate.Config) { c.Cloud.Region = "" }, `Cloud.Region is ""`},
		"the domain of a region":         {func(c *fxrestate.Config) { c.Cloud.Region = "eu.restate.cloud" }, `Cloud.Region is "eu.restate.cloud"`},
		"a region that leads elsewhere":  {func(c *fxrestate.Config) { c.Cloud.Region = "x.example/" }, `Cloud.Region is "x.example/"`},
		"no token":                       {func(c *fxrestate.Config) { c.Cloud.Token = "" }, `Cloud.Token is empty: it must be an API key of the environment, "key_…"`},
		"a token with a line break":      {func(c *fxrestate.Config) { c.Cloud.Token = cloudToken + "\n" }, `Cloud.Token has a space, a line break`},
		"the public key for a token":     {func(c *fxrestate.Config) { c.Cloud.Token = cloudKey }, `Cloud.Token begins with "publickeyv1_"`},
		"the id for a token":             {func(c *fxrestate.Config) { c.Cloud.Token = "env_20d1231jyphzkm8" }, `Cloud.Token begins with "env_"`},
		"no key":                         {func(c *fxrestate.Config) { c.Cloud.IdentityKey = "" }, `Cloud.IdentityKey is "": it must be the public key that the Cloud UI shows under Developers > Security, "publickeyv1_…"`},
		"a key without its prefix":       {func(c *fxrestate.Config) { c.Cloud.IdentityKey = "w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f" }, `Cloud.IdentityKey is "w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"`},
		"a key that is cut off":          {func(c *fxrestate.Config) { c.Cloud.IdentityKey = cloudKey[:30] }, `Cloud.IdentityKey is "publickeyv1_w7`},
		"a wrong key, which is not used": {func(c *fxrestate.Config) { c.Cloud.IdentityKey = "x"; c.Endpoint.IdentityKeys = []string{otherKey} }, `Cloud.IdentityKey is "x"`},
		"a tunnel's name with a slash":   {func(c *fxrestate.Config) { c.Cloud.Tunnel = "a/b" }, `Cloud.Tunnel is "a/b": it must be the name that the tunnel's client has, such as "prod-tunnel"`},
		"a tunnel that leads elsewhere":  {func(c *fxrestate.Config) { c.Cloud.Tunnel = ".." }, `Cloud.Tunnel is ".."`},
		"a tunnel to a Lambda function": {
			func(c *fxrestate.Config) { tunnel(c.Cloud); c.Endpoint.Mode = endpoint.Lambda },
			`Cloud.Tunnel is "test-tunnel", and Restate Cloud reaches a Lambda function without a tunnel: leave it empty`,
		},
		"an IPv6 address behind a tunnel": {
			func(c *fxrestate.Config) { tunnel(c.Cloud); c.Register = &deployment.Config{URL: "http://[::1]:9080"} },
			`Register.URL is "http://[::1]:9080": behind a tunnel it has an IPv6 address, which the URL of a tunnel cannot contain: write a host name`,
		},
		"a tunnel twice": {
			func(c *fxrestate.Config) {
				tunnel(c.Cloud)
				c.Register = &deployment.Config{URL: tunnelURL + "/http/localhost/9080"}
			},
			`Register.URL is "` + tunnelURL + `/http/localhost/9080": behind a tunnel it is in Restate Cloud already: write the endpoint as the tunnel's client reaches it`,
		},
		"a mounted endpoint behind a tunnel, whose port is not known": {
			func(c *fxrestate.Config) { tunnel(c.Cloud); c.Endpoint.Mode = endpoint.Mounted },
			`Register.URL is "http://localhost:{{port}}", and a mounted endpoint has no port of its own: write the port of your server`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fxrestate.Config{Cloud: cloud()}
			test.change(&c)
			err := c.Validate()
			require.ErrorContains(t, err, "fxrestate: "+test.want)
			require.NotContains(t, err.Error(), cloudToken)
			require.Equal(t, 1, strings.Count(err.Error(), "\n")+1, "one mistake is one line: %v", err)
		})
	}
}

func TestMistakesInCloudAreReportedAllAtOnce(t *testing.T) {
	t.Parallel()
	err := fxrestate.Config{Cloud: &fxrestate.Cloud{}, Steps: durable.Retry{MaxAttempts: 1, MaxDuration: -1}}.Validate()
	for _, want := range []string{`Cloud.EnvironmentID is ""`, `Cloud.Region is ""`, "Cloud.Token is empty", `Cloud.IdentityKey is ""`, "Steps:"} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, "fxrestate: "+want)
		})
	}
}

func TestCloudNeedsNoMoreThanWhatIsUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]fxrestate.Config{
		"no token, where both APIs are behind a proxy": {
			Cloud:   cloud(func(c *fxrestate.Cloud) { c.Token = "" }),
			Ingress: ingress.Config{URL: "http://localhost:8080"}, Admin: admin.Config{URL: "http://localhost:9070"},
		},
		"no token, where both APIs have one": {
			Cloud:   cloud(func(c *fxrestate.Cloud) { c.Token = "" }),
			Ingress: ingress.Config{AuthToken: "key_calls"}, Admin: admin.Config{AuthToken: "key_admin"},
		},
		"no key, where there is one": {
			Cloud:    cloud(func(c *fxrestate.Cloud) { c.IdentityKey = "" }),
			Endpoint: endpoint.Config{IdentityKeys: []string{otherKey}},
		},
		"no key, where AWS says who may invoke": {
			Cloud:    cloud(func(c *fxrestate.Cloud) { c.IdentityKey = "" }),
			Endpoint: endpoint.Config{Mode: endpoint.Lambda},
		},
		"a region of one's own": {Cloud: cloud(func(c *fxrestate.Cloud) { c.Region = "eu-1.acme" })},
		"a token of a person":   {Cloud: cloud(func(c *fxrestate.Cloud) { c.Token = "eyJhbGciOi.eyJzdWIi.c2ln-_" })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, c.Validate())
		})
	}
}

func TestCloudShowsNoToken(t *testing.T) {
	t.Parallel()
	c := cloud(tunnel)
	marshalled, err := json.Marshal(map[string]any{"cloud": c, "value": *c})
	require.NoError(t, err)
	for how, text := range map[string]string{
		"printed":                  fmt.Sprint(*c),
		"printed by a pointer":     fmt.Sprintf("%+v", c),
		"printed as Go":            fmt.Sprintf("%#v", *c),
		"printed in the Config":    fmt.Sprintf("%+v", fxrestate.Config{Cloud: c}),
		"marshalled":               string(marshalled),
		"printed with what it set": fmt.Sprintf("%+v", fxrestate.WithCloud(fxrestate.Config{Cloud: c})),
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			require.NotContains(t, text, "s3cret")
			require.Contains(t, text, "[redacted]")
			require.Contains(t, text, "20d1231jyphzkm8")
		})
	}
	require.Equal(t, "{EnvironmentID: Region: Token: IdentityKey: Tunnel:}", fxrestate.Cloud{}.String())
}
