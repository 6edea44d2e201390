//go:build browser

package dashboard_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/browser"
	"github.com/fxrestate/go/internal/testkit"
)

// go test -artifacts -tags browser keeps the pictures.
func TestTheFaceOfThePage(t *testing.T) {
	t.Parallel()
	s := openShop(t, "no paper in the printer <b>bold</b> "+strings.Repeat("long", 60))
	mux := http.NewServeMux()
	mux.Handle("/restate/", s.page)
	url := "http://" + testkit.Listen(t, mux) + "/restate/"
	b := browser.Start(t)
	for _, v := range []browser.View{
		{Width: 390},
		{Width: 390, Dark: true},
		{Width: 1280},
		{Width: 1280, Dark: true},
		{Width: 390, WithoutScript: true},
		{Width: 1280, Dark: true, WithoutScript: true},
	} {
		v.Height = 900
		t.Run(fmt.Sprintf("%d wide, dark %v, without script %v", v.Width, v.Dark, v.WithoutScript), func(t *testing.T) {
			tab := b.Open(t, url, v)
			var shown struct {
				Background, Heading string
				Open, Details       int
			}
			look := func() {
				tab.Eval(t, `({
					Background: getComputedStyle(document.body).backgroundColor,
					Heading: document.querySelector('h1').innerText,
					Open: document.querySelectorAll('details[open]').length,
					Details: document.querySelectorAll('details').length,
				})`, &shown)
			}
			look()
			require.Equal(t, "Restate", shown.Heading)
			require.Equal(t, map[bool]string{false: "rgb(244, 245, 248)", true: "rgb(14, 16, 23)"}[v.Dark], shown.Background, "the style or the scheme is not in force")
			require.Equal(t, 6, shown.Details)
			require.Zero(t, shown.Open)
			tab.Click(t, "details summary")
			look()
			require.Equal(t, 1, shown.Open, "a click opens it")
			tab.Eval(t, `document.querySelectorAll("details").forEach(d => d.open = true), 0`, new(any))

			pixels, elements := tab.Overflow(t)
			require.Zero(t, pixels, elements)
			texts := tab.Texts(t)
			require.Greater(t, len(texts), 100)
			for _, text := range texts {
				require.GreaterOrEqual(t, text.Contrast, 4.5, "%+v", text)
			}
			tab.Screenshot(t, filepath.Join(t.ArtifactDir(), "page.png"))
			require.Empty(t, tab.Problems())
			for _, asked := range tab.Requests() {
				require.True(t, asked == url || strings.HasPrefix(asked, "data:"), asked)
			}
			require.Contains(t, tab.Requests(), url)
		})
	}
}
