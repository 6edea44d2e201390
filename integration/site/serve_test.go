//go:build browser

package site_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/browser"
)

const root = "../.."

// site is the site as it was built, served as files.
type site struct {
	url     string
	browser *browser.Browser
	pages   []string // their paths, the start page first
}

func serve(t *testing.T) site {
	t.Helper()
	dist := root + "/tools/site/dist"
	require.FileExists(t, dist+"/index.html", "build the site: make site")
	server := httptest.NewServer(http.FileServer(http.Dir(dist)))
	t.Cleanup(server.Close)
	s := site{url: server.URL, browser: browser.Start(t), pages: []string{"/"}}
	sources, err := filepath.Glob(root + "/docs/*.md")
	require.NoError(t, err)
	for _, source := range sources {
		if name := strings.TrimSuffix(filepath.Base(source), ".md"); name != "README" {
			s.pages = append(s.pages, "/"+name+".html")
		}
	}
	require.Greater(t, len(s.pages), 1)
	return s
}

// open opens a page and waits until its script runs.
func (s site) open(t *testing.T, path string, v browser.View) *browser.Tab {
	t.Helper()
	v.Height = 900
	tab := s.browser.Open(t, s.url+path, v)
	await(t, tab, `"__vue_app__" in document.querySelector("#app")`)
	return tab
}

// isAlone fails if the page has complained, or has asked anybody else for anything.
func (s site) isAlone(t *testing.T, tab *browser.Tab) {
	t.Helper()
	require.Empty(t, tab.Problems())
	require.NotEmpty(t, tab.Requests())
	for _, asked := range tab.Requests() {
		require.True(t, strings.HasPrefix(asked, s.url+"/") || strings.HasPrefix(asked, "data:"), asked)
	}
}

// content is what a page has.
type content struct {
	Heading string
	Links   []string // absolute
	Sidebar []string // paths
	Anchors []string
	Broken  []string // pictures that are not shown
}

func read(t *testing.T, tab *browser.Tab) (c content) {
	t.Helper()
	tab.Eval(t, `({
		Heading: document.querySelector(".vp-doc h1").innerText,
		Links: [...document.querySelectorAll("a[href]")].map(a => a.href),
		Sidebar: [...document.querySelectorAll(".VPSidebar a[href]")].map(a => a.pathname),
		Anchors: [...document.querySelectorAll("[id]")].map(e => e.id),
		Broken: [...document.images].filter(i => !i.complete || i.naturalWidth === 0).map(i => i.src),
	})`, &c)
	return c
}
