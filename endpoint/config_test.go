package endpoint_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
)

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	c := endpoint.Config{}.WithDefaults()
	require.Equal(t, endpoint.Listen, c.Mode)
	require.Equal(t, ":9080", c.Addr)
	require.Equal(t, 10*time.Second, c.DrainTimeout)
	require.False(t, c.RequestResponse)
	require.Positive(t, c.MaxInFlight)
	require.GreaterOrEqual(t, c.MaxInFlightBytes, int64(32<<20))
	require.EqualValues(t, 32<<20, c.MaxMessageBytes)
	require.Equal(t, 50*time.Millisecond, c.SuspendAfter)
	require.Equal(t, endpoint.Retry, c.OnMismatch)
	require.Equal(t, time.Duration(-1), endpoint.Config{SuspendAfter: -1}.WithDefaults().SuspendAfter)

	require.Empty(t, endpoint.Config{Mode: endpoint.Mounted}.WithDefaults().Addr)
	require.True(t, endpoint.Config{Mode: endpoint.Lambda}.WithDefaults().RequestResponse)
	require.Equal(t, time.Duration(-1), endpoint.Config{DrainTimeout: -1}.WithDefaults().DrainTimeout)
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	hook := func(*http.Server) {}
	cert := &tls.Config{Certificates: []tls.Certificate{certificate}}
	for _, tt := range []struct {
		name string
		cfg  endpoint.Config
		want []string
	}{
		{"the zero value", endpoint.Config{}, nil},
		{"a port", endpoint.Config{Addr: ":0"}, nil},
		{"all fields", endpoint.Config{
			Mode: endpoint.Listen, Addr: "[::1]:9080", TLS: cert, Configure: hook, IdentityKeys: []string{signingKey.ID()},
			RequestResponse: true, MaxInFlight: 1, OnMismatch: endpoint.Pause, DrainTimeout: -1,
		}, nil},
		{"mounted", endpoint.Config{Mode: endpoint.Mounted, RequestResponse: true, MaxInFlight: 1}, nil},
		{"a certificate by name", endpoint.Config{TLS: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }}}, nil},
		{"a version", endpoint.Config{Version: endpoint.Version{Name: "2024-11-27_1.2~rc1", Compatible: []string{"1.1", endpoint.Unversioned}}}, nil},
		{"a version by interface", endpoint.Config{Mode: endpoint.Mounted, Version: endpoint.Version{Name: endpoint.ByInterface}}, nil},
		{"a version that is no path segment", endpoint.Config{Version: endpoint.Version{Name: "a/b", Compatible: []string{"..", "", strings.Repeat("x", 101), endpoint.ByInterface}}}, []string{
			`endpoint: Version.Name is "a/b": it must be of up to 100 letters, digits and "-._~", and no dots alone, or "interface"; "unversioned" is reserved`,
			`endpoint: Version.Compatible[0] is "..": it must be of up to 100 letters, digits and "-._~", and no dots alone, or "unversioned"; "interface" is reserved`,
			`endpoint: Version.Compatible[1] is "": it must be of up to 100 letters, digits and "-._~", and no dots alone, or "unversioned"; "interface" is reserved`,
			`endpoint: Version.Compatible[2] is "` + strings.Repeat("x", 101) + `": it must be of up to 100 letters, digits and "-._~", and no dots alone, or "unversioned"; "interface" is reserved`,
			`endpoint: Version.Compatible[3] is "interface": it must be of up to 100 letters, digits and "-._~", and no dots alone, or "unversioned"; "interface" is reserved`,
		}},
		{"a version that is a reserved name", endpoint.Config{Version: endpoint.Version{Name: endpoint.Unversioned}}, []string{
			`endpoint: Version.Name is "unversioned": it must be of up to 100 letters, digits and "-._~", and no dots alone, or "interface"; "unversioned" is reserved`,
		}},
		{"compatible versions without a version", endpoint.Config{Version: endpoint.Version{Compatible: []string{"v1"}}}, []string{
			`endpoint: Version.Compatible is []string{"v1"}: it needs a Version.Name`,
		}},
		{"a version in mode lambda", endpoint.Config{Mode: endpoint.Lambda, Version: endpoint.Version{Name: "v1"}}, []string{
			`endpoint: Version.Name is "v1": it must be empty in mode "lambda", whose functions have versions of their own`,
		}},
		{"no address", endpoint.Config{Addr: "9080"}, []string{`endpoint: Addr is "9080": it must be "host:port" or ":port"`}},
		{"no certificate", endpoint.Config{TLS: &tls.Config{}}, []string{`endpoint: TLS is "without a certificate": it must have Certificates, GetCertificate or GetConfigForClient`}},
		{"no mode", endpoint.Config{Mode: "x"}, []string{`endpoint: Mode is "x": it must be "listen", "mounted" or "lambda"`}},
		{"everything wrong", endpoint.Config{
			Mode: endpoint.Lambda, Addr: ":1", TLS: cert, Configure: hook, MaxInFlight: -1, MaxInFlightBytes: -1, MaxMessageBytes: 1 << 32, IdentityKeys: []string{"a", signingKey.ID(), "b"},
			OnMismatch: "fail",
		}, []string{
			`endpoint: Addr is ":1": it must be empty in mode "lambda", which does not listen`,
			`endpoint: TLS is "set": it must be nil in mode "lambda", which does not listen`,
			`endpoint: Configure is "set": it must be nil in mode "lambda", which has no server`,
			`endpoint: IdentityKeys[0] is "a": it must be a public key that begins with "publickeyv1_"`,
			`endpoint: IdentityKeys[2] is "b": it must be a public key that begins with "publickeyv1_"`,
			`endpoint: MaxInFlight is -1: it must be positive, or 0 for the default`,
			`endpoint: MaxInFlightBytes is -1: it must be positive, or 0 for the default`,
			`endpoint: MaxMessageBytes is 4294967296: it must be positive and less than 4 GiB, or 0 for the default`,
			`endpoint: OnMismatch is "fail": it must be "retry" or "pause"`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.cfg.Validate()
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, strings.Join(tt.want, "\n"))
			_, err = endpoint.New(tt.cfg, nil)
			require.EqualError(t, err, strings.Join(tt.want, "\n"))
		})
	}
}
