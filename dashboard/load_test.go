package dashboard_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// answer is what a page answers.
type answer struct {
	*httptest.ResponseRecorder
}

func load(t testing.TB, page http.Handler, path string, headers ...string) answer {
	t.Helper()
	return request(t, page, http.MethodGet, path, headers...)
}

func request(t testing.TB, page http.Handler, method, path string, headers ...string) answer {
	t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	return answer{w}
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	require.Equal(t, "application/json", a.Header().Get("Content-Type"), a.Body)
	var v map[string]any
	require.NoError(t, json.Unmarshal(a.Body.Bytes(), &v))
	return v
}

// document is a page that was parsed.
type document struct{ root *html.Node }

func (a answer) html(t testing.TB) document {
	t.Helper()
	require.Equal(t, http.StatusOK, a.Code)
	require.Equal(t, "text/html; charset=utf-8", a.Header().Get("Content-Type"))
	root, err := html.Parse(strings.NewReader(a.Body.String()))
	require.NoError(t, err)
	return document{root}
}

// all returns the elements with a name, in their order.
func (d document) all(tag string) (found []document) {
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == tag {
			found = append(found, document{n})
		}
	}
	return found
}

// section returns the section below a heading.
func (d document) section(t testing.TB, id string) document {
	t.Helper()
	for _, s := range d.all("section") {
		if s.attr("aria-labelledby") == id {
			return s
		}
	}
	require.Fail(t, "no section", id)
	return document{}
}

func (d document) attr(name string) string {
	for _, a := range d.root.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text returns the text of an element, with single spaces. That of a style does not count.
func (d document) text() string {
	var b strings.Builder
	for n := range d.root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// rows are the texts of the rows of a table, the head first.
func (d document) rows() (rows []string) {
	for _, row := range d.all("tr") {
		rows = append(rows, row.text())
	}
	return rows
}
