//go:build browser

package site_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/browser"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// repository is where links lead that leave the site.
const repository = "https://github.com/fxrestate/go/"

func TestTheSiteIsWholeAndNeedsNobodyElse(t *testing.T) {
	t.Parallel()
	s := serve(t)
	contents, anchors := map[string]content{}, map[string]bool{}
	for _, path := range s.pages {
		t.Run("the page "+path, func(t *testing.T) {
			tab := s.open(t, path, browser.View{Width: 390})
			fits(t, tab)
			c := read(t, tab)
			require.NotEmpty(t, c.Heading)
			require.Empty(t, c.Broken, "pictures")
			require.Subset(t, c.Sidebar, s.pages, "the sidebar has each page")
			s.isAlone(t, tab)
			for _, id := range c.Anchors {
				anchors[path+"#"+id] = true
			}
			contents[path] = c
		})
	}
	for path, c := range contents {
		t.Run("the links of "+path, func(t *testing.T) {
			require.Greater(t, len(c.Links), len(s.pages))
			for _, link := range c.Links {
				to, err := url.Parse(link)
				require.NoError(t, err)
				if strings.HasPrefix(link, s.url) {
					require.Contains(t, contents, to.Path, link)
					require.True(t, to.Fragment == "" || anchors[to.Path+"#"+to.Fragment], "%s: there is no such heading", link)
					continue
				}
				require.Equal(t, "https", to.Scheme, link)
				if file, ok := strings.CutPrefix(link, repository); ok {
					inRepository(t, file)
				}
			}
		})
	}
	t.Run("the search", s.search)
}

// fits fails if a page, in any window, is wider than that.
func fits(t *testing.T, tab *browser.Tab) {
	t.Helper()
	for _, v := range []browser.View{{Width: 390}, {Width: 390, Dark: true}, {Width: 1280, Dark: true}, {Width: 1280}} {
		v.Height = 900
		tab.Look(t, v)
		await(t, tab, fmt.Sprintf(`innerWidth === %d && document.documentElement.classList.contains("dark") === %v`, v.Width, v.Dark))
		pixels, elements := tab.Overflow(t)
		require.Zero(t, pixels, "%+v: %v", v, elements)
	}
}

// inRepository fails if a link to GitHub is for no file or folder of this checkout.
func inRepository(t *testing.T, link string) {
	t.Helper()
	link, _, _ = strings.Cut(link, "#")
	kind, path, _ := strings.Cut(link, "/main/")
	require.Contains(t, []string{"", "tree", "blob", "edit"}, kind, link)
	info, err := os.Stat(filepath.Join(root, filepath.FromSlash(path)))
	require.NoError(t, err, "there is no such file")
	require.Equal(t, path == "" || kind == "tree", info.IsDir(), link)
}

func (s site) search(t *testing.T) {
	for _, width := range []int{390, 1280} {
		t.Run(fmt.Sprintf("%d wide", width), func(t *testing.T) {
			tab := s.open(t, "/", browser.View{Width: width})
			tab.Click(t, ".VPNavBarSearch button")
			await(t, tab, `document.activeElement?.matches(".VPLocalSearchBox input") === true`)
			tab.Type(t, "awakeable")
			await(t, tab, `document.querySelector(".VPLocalSearchBox a.result") !== null`)
			// Not with the mouse: the list may still move.
			var clicked bool
			tab.Eval(t, `(document.querySelector(".VPLocalSearchBox a.result").click(), true)`, &clicked)
			await(t, tab, `location.pathname !== "/" && /awakeable/i.test(document.querySelector(".vp-doc")?.innerText ?? "")`)
			var path string
			tab.Eval(t, `location.pathname`, &path)
			require.Contains(t, s.pages, path)
			s.isAlone(t, tab)
		})
	}
}

// await waits until an expression is true.
func await(t *testing.T, tab *browser.Tab, expression string) {
	t.Helper()
	testkit.Eventually(t, func() error {
		var holds bool
		if tab.Eval(t, expression, &holds); !holds {
			return errors.New(expression)
		}
		return nil
	})
}
