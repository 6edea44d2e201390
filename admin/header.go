package admin

import (
	"fmt"
	"strings"
)

// CheckHeader says what is wrong with a header that is to be sent by the
// client or, as one of a deployment's additional headers, by the server. The
// server's own words for such a header do not name it. The error quotes the
// name but never the value.
func CheckHeader(name, value string) error {
	if name == "" {
		return fmt.Errorf("a header without a name")
	}
	for _, r := range name {
		if !isTokenChar(r) {
			return fmt.Errorf("%q is no header name: %q is not allowed in one", name, r)
		}
	}
	for i := range len(value) {
		if b := value[i]; b < ' ' && b != '\t' || b == 0x7f {
			return fmt.Errorf("the value of header %q has a line break or control character", name)
		}
	}
	return nil
}

// isTokenChar follows the definition of tchar in RFC 9110, section 5.6.2.
func isTokenChar(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
