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

// Settings are what the configuration of a client says about all its requests. The
// names of the fields are those of the configuration, by which errors call them.
type Settings struct {
	// URL of the server, or empty for DefaultURL.
	URL, DefaultURL string
	// AuthToken is sent as "Authorization: Bearer …".
	AuthToken string
	// Headers are sent as they are, Host as the host.
	Headers map[string]string
	// Own are headers that the client itself sets: see [CheckHeaders].
	Own map[string]string
}

// Requests is what all requests of a client have in common.
type Requests struct {
	// Base is what their URLs begin with, without credentials and a slash at its
	// end.
	Base *url.URL
	// Host that they are sent to, or empty for that of the URL.
	Host string
	// Header of each. It is not to be changed.
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

// Validate returns all that is wrong with the settings. No error shows a secret.
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

// checkCredentials reports more than one Authorization. Only one would be sent.
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

// Requests returns what the requests have in common. The settings must be valid.
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
