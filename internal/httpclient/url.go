package httpclient

import (
	"fmt"
	"net/url"
	"strings"
)

// WithoutUserinfo removes user and password from a URL. In a text that is not a valid
// URL it may remove more than that.
func WithoutUserinfo(raw string) string {
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return raw
	}
	scheme, _, found := strings.Cut(raw[:at], "://")
	if !found {
		return raw[at+1:]
	}
	return scheme + "://" + raw[at+1:]
}

// ParseURL parses the base URL of a server and removes trailing slashes. The error says
// what is wrong, shows no credentials, and suggests example.
func ParseURL(raw, example string) (*url.URL, error) {
	fail := func(why string) (*url.URL, error) {
		return nil, fmt.Errorf("URL %q: %s, want something like %q", WithoutUserinfo(raw), why, example)
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The text of the parser's error repeats the URL, password and all.
		return fail("not a URL")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fail("does not start with http:// or https://")
	case u.Hostname() == "":
		return fail("has no host")
	case u.RawQuery != "" || u.Fragment != "":
		return fail("has a query or fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}
