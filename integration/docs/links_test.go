package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// The parts of a page that make links and their targets.
var (
	fence   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	inline  = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)|(?:src|href)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	target  = regexp.MustCompile(`\]\([^()\s]+\)`)
)

func TestEachLinkOfAPageLeadsSomewhere(t *testing.T) {
	t.Parallel()
	anchors := map[string]map[string]bool{}
	for _, p := range pages(t) {
		anchors[filepath.Clean(p.path)] = anchorsOf(p.text)
	}
	for _, p := range pages(t) {
		t.Run(filepath.Base(p.path), func(t *testing.T) {
			for _, m := range link.FindAllStringSubmatch(inline.ReplaceAllString(fence.ReplaceAllString(p.text, ""), ""), -1) {
				to := m[1] + m[2]
				if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
					continue
				}
				file, anchor, _ := strings.Cut(to, "#")
				path := filepath.Clean(p.path)
				if file != "" {
					path = filepath.Join(filepath.Dir(p.path), file)
					if _, err := os.Stat(path); err != nil {
						t.Errorf("%s: there is no such file", to)
						continue
					}
				}
				if anchor != "" && !anchors[path][anchor] {
					t.Errorf("%s: there is no such heading", to)
				}
			}
		})
	}
}

// anchorsOf returns the anchors that GitHub gives the headings of a page.
func anchorsOf(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		title := target.ReplaceAllString(m[1], "]") // of a link its text counts
		anchors[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, title)] = true
	}
	return anchors
}

func TestTheTableOfContentsHasEachPage(t *testing.T) {
	t.Parallel()
	contents, err := os.ReadFile("../../docs/README.md")
	require.NoError(t, err)
	for _, p := range pages(t) {
		if name := filepath.Base(p.path); filepath.Base(filepath.Dir(p.path)) == "docs" && name != "README.md" {
			require.Contains(t, string(contents), "("+name+")")
		}
	}
}
