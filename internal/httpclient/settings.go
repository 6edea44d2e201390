package httpclient

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Settings hold the configuration of a client for all its requests. The fields have the
// names of the client's configuration, because errors name them.
type Settings struct {
	// URL of the server, or empty for DefaultURL.
	URL, DefaultURL string
	// AuthToken is sent as "Authorization: Bearer …".
	AuthToken string
	// Headers are sent as they are. Host sets the host of the request.
	Headers map[string]string
	// Own has the headers that the client itself sets: see [CheckHeaders].
	Own map[string]string
}

// Requests holds what all requests of a client have in common.
type Requests struct {
	// Base is the prefix of all URLs, without credentials and without a trailing
	// slash.
	Base *url.URL
	// Host of the requests, or empty for the host of the URL.
	Host string
	// Header of each request. It must not be changed.
	Header http.Header
	// Redact replaces the secrets among the settings: see [Redactor].
	Redact *strings.Replacer
}

// String shows the settings with their secrets replaced.
func (s Settings) String() string {
	token := ""
	if s.AuthToken != "" {
		token = Redacted
	}
	return fmt.Sprintf("URL:%s AuthToken:%s Headers:%s", WithoutUserinfo(s.URL), token, slices.Sorted(maps.Keys(s.Headers)))
}

// Validate returns all mistakes in the settings. No error contains a secret.
func (s Settings) Validate() []error {
	var errs []error
	base, err := s.base()
	if err != nil {
		errs = append(errs, err)
	}
	if err := s.checkCredentials(base); err != nil {
		errs = append(errs, err)
	}
	if CheckHeader("Authorization", s.AuthToken) != nil {
		errs = append(errs, errors.New("AuthToken: has a line break or control character (a newline at the end of a secret file, perhaps)"))
	}
	for _, err := range CheckHeaders(s.Headers, s.Own) {
		//lint:ignore ST1005 Headers is the name of a field
		errs = append(errs, fmt.Errorf("Headers: %w", err))
	}
	return errs
}

func (s Settings) base() (*url.URL, error) {
	return ParseURL(cmp.Or(s.URL, s.DefaultURL), s.DefaultURL)
}

// checkCredentials rejects more than one source of credentials, because only one would
// be sent.
func (s Settings) checkCredentials(base *url.URL) error {
	var from []string
	if base != nil && base.User != nil {
		from = append(from, "URL")
	}
	if s.AuthToken != "" {
		from = append(from, "AuthToken")
	}
	for name := range s.Headers {
		if http.CanonicalHeaderKey(name) == "Authorization" {
			from = append(from, "Headers")
			break
		}
	}
	switch len(from) {
	case 0, 1:
		return nil
	case 2:
		return fmt.Errorf("%s and %s both carry credentials: set one of them", from[0], from[1])
	default:
		return fmt.Errorf("%s, %s and %s all carry credentials: set one of them", from[0], from[1], from[2])
	}
}

// Requests returns the common part of all requests. The settings must be valid.
func (s Settings) Requests() (Requests, error) {
	base, err := s.base()
	if err != nil {
		return Requests{}, err
	}
	r := Requests{
		Base:   base,
		Header: http.Header{"User-Agent": {userAgent()}},
		Redact: Redactor(s.AuthToken, base, s.Headers),
	}
	for name, value := range s.Headers {
		r.Header.Set(name, value)
	}
	r.Host = r.Header.Get(HostHeader)
	r.Header.Del(HostHeader)
	switch {
	case s.AuthToken != "":
		r.Header.Set("Authorization", "Bearer "+s.AuthToken)
	case base.User != nil:
		password, _ := base.User.Password()
		credentials := base64.StdEncoding.EncodeToString([]byte(base.User.Username() + ":" + password))
		r.Header.Set("Authorization", "Basic "+credentials)
		base.User = nil
	}
	return r, nil
}
