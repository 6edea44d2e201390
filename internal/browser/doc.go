// Package browser drives a headless Chromium, for tests of pages that look at what only a
// browser knows: what it loads and complains of, how wide the page is, the colours of texts.
// It is behind the build tag "browser", so that a plain go test needs none:
//
//	.ci/run browser
package browser
