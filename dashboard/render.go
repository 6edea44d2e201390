package dashboard

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fxrestate/go/internal/printable"
	"github.com/fxrestate/go/internal/wayout"
)

//go:embed page.css
var style string

//go:embed page.html
var source string

// policy lets a browser load nothing, run nothing, and use the one style of the page.
var policy = "default-src 'none'; style-src '" + digest(style) + "'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// digest is that of a style as it stands between its tags.
func digest(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

var document = template.Must(template.New("page").Funcs(template.FuncMap{
	"style":   func() template.CSS { return template.CSS(style) },
	"age":     age,
	"until":   func(at, then time.Time) string { return age(then, at) },
	"stamp":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05 MST") },
	"number":  number,
	"plural":  plural,
	"pretty":  pretty,
	"prose":   func(way string) string { what, _ := wayout.Split(way); return what },
	"command": func(way string) string { _, command := wayout.Split(way); return command },
	"jsonURL": func(find string) template.URL { return query("format", "json", "find", find) },
	"refreshURL": func(find string, seconds int) template.URL {
		if seconds == 0 {
			return query("find", find)
		}
		return query("find", find, "refresh", strconv.Itoa(seconds))
	},
}).Parse(source))

// query is a relative URL with the parameters that are not empty: it leads to the page,
// wherever that is mounted.
func query(pairs ...string) template.URL {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	return template.URL("?" + values.Encode())
}

// age says in one or two units how long ago it was.
func age(now, then time.Time) string {
	d := max(now.Sub(then), 0)
	const day = 24 * time.Hour
	switch {
	case then.IsZero():
		return "?"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
	}
}

// number separates thousands.
func number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// pretty is a schema over several lines.
func pretty(schema json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, schema, "", "  ") != nil {
		return ""
	}
	lines := strings.Split(out.String(), "\n")
	for i := range lines {
		lines[i] = printable.Text(lines[i])
	}
	return strings.Join(lines, "\n")
}
