//go:build browser

package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// View is how a page is looked at.
type View struct {
	// Width and Height of the window, in CSS pixels.
	Width, Height int
	// Dark prefers the dark scheme.
	Dark bool
	// WithoutScript turns JavaScript off. [Tab.Eval] works nevertheless.
	WithoutScript bool
}

// Tab is a page that is looked at.
type Tab struct {
	pipe    *pipe
	session string
	loaded  chan struct{} // closed by the load event

	mu       sync.Mutex
	once     bool
	requests []string
	problems []string
}

// Open loads a page, in a profile of its own, and returns when all that belongs to it is
// there. The page is closed when the test ends.
func (b *Browser) Open(t testing.TB, url string, v View) *Tab {
	t.Helper()
	call := func(session, method string, params map[string]any, out any) {
		t.Helper()
		require.NoError(t, b.pipe.call(session, method, params, out))
	}
	var profile struct{ BrowserContextID string }
	call("", "Target.createBrowserContext", nil, &profile)
	t.Cleanup(func() {
		_ = b.pipe.call("", "Target.disposeBrowserContext", map[string]any{"browserContextId": profile.BrowserContextID}, nil) // the browser may be gone
	})
	var target struct{ TargetID string }
	call("", "Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": profile.BrowserContextID}, &target)
	var attached struct{ SessionID string }
	call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	tab := &Tab{pipe: b.pipe, session: attached.SessionID, loaded: make(chan struct{})}
	tab.Look(t, v)
	b.mu.Lock()
	b.tabs[tab.session] = tab
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		call(tab.session, domain+".enable", nil, nil)
	}
	var navigated struct{ ErrorText string }
	call(tab.session, "Page.navigate", map[string]any{"url": url}, &navigated)
	require.Empty(t, navigated.ErrorText, url)
	select {
	case <-tab.loaded:
	case <-t.Context().Done():
		require.Fail(t, "the page was not loaded in the time of the test", url)
	}
	return tab
}

// Look changes how the page is looked at, without loading it again.
func (tab *Tab) Look(t testing.TB, v View) {
	t.Helper()
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	for method, params := range map[string]map[string]any{
		"Emulation.setDeviceMetricsOverride":   {"width": v.Width, "height": v.Height, "deviceScaleFactor": 1, "mobile": v.Width < 600},
		"Emulation.setEmulatedMedia":           {"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}},
		"Emulation.setScriptExecutionDisabled": {"value": v.WithoutScript},
	} {
		require.NoError(t, tab.pipe.call(tab.session, method, params, nil))
	}
}

func (tab *Tab) told(e event) {
	var p struct {
		Type    string // of a console call
		Args    []struct{ Value json.RawMessage }
		Request struct{ URL string }
		Entry   struct{ Level, Text, URL string }
		Details json.RawMessage `json:"exceptionDetails"`
	}
	if json.Unmarshal(e.Params, &p) != nil {
		return
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e.Method {
	case "Page.loadEventFired":
		if !tab.once {
			tab.once = true
			close(tab.loaded)
		}
	case "Network.requestWillBeSent":
		tab.requests = append(tab.requests, p.Request.URL)
	case "Runtime.exceptionThrown":
		tab.problems = append(tab.problems, string(p.Details))
	case "Runtime.consoleAPICalled":
		if p.Type == "error" || p.Type == "warning" || p.Type == "assert" {
			tab.problems = append(tab.problems, fmt.Sprintf("%s: %s", p.Type, p.Args))
		}
	case "Log.entryAdded":
		if p.Entry.Level == "error" || p.Entry.Level == "warning" {
			tab.problems = append(tab.problems, fmt.Sprintf("%s: %s %s", p.Entry.Level, p.Entry.Text, p.Entry.URL))
		}
	}
}

// Requests returns the URLs that the page has asked for, its own first.
func (tab *Tab) Requests() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.Clone(tab.requests)
}

// Problems returns the errors and warnings of the console.
func (tab *Tab) Problems() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.Clone(tab.problems)
}

// Eval evaluates an expression in the page and decodes its value into out.
func (tab *Tab) Eval(t testing.TB, expression string, out any) {
	t.Helper()
	var answer struct {
		Result  struct{ Value json.RawMessage }
		Details *struct {
			Text      string
			Exception struct{ Description string }
		} `json:"exceptionDetails"`
	}
	require.NoError(t, tab.pipe.call(tab.session, "Runtime.evaluate",
		map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer))
	require.Nil(t, answer.Details, "%+v", answer.Details)
	require.NoError(t, json.Unmarshal(answer.Result.Value, out), expression)
}

// Click clicks the middle of the first element of a selector, as a mouse does.
func (tab *Tab) Click(t testing.TB, selector string) {
	t.Helper()
	quoted, err := json.Marshal(selector)
	require.NoError(t, err)
	var at struct{ X, Y float64 }
	tab.Eval(t, "(() => { const e = document.querySelector("+string(quoted)+"); e.scrollIntoView({block: 'center'});"+
		" const r = e.getBoundingClientRect(); return {X: r.x + Math.min(r.width / 2, 40), Y: r.y + r.height / 2} })()", &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		require.NoError(t, tab.pipe.call(tab.session, "Input.dispatchMouseEvent",
			map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil))
	}
}

// Type types a text into what has the focus.
func (tab *Tab) Type(t testing.TB, text string) {
	t.Helper()
	require.NoError(t, tab.pipe.call(tab.session, "Input.insertText", map[string]any{"text": text}, nil))
}

// Screenshot writes a picture of the whole page, as PNG.
func (tab *Tab) Screenshot(t testing.TB, file string) {
	t.Helper()
	var picture struct{ Data []byte }
	require.NoError(t, tab.pipe.call(tab.session, "Page.captureScreenshot",
		map[string]any{"format": "png", "captureBeyondViewport": true}, &picture))
	require.NoError(t, os.WriteFile(file, picture.Data, 0o600))
}
