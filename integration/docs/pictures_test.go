package docs_test

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "draw the pictures of the manual again")

// The lines of a sequence diagram of Mermaid that the pictures are made of.
var (
	participant = regexp.MustCompile(`^participant (\w+) as (.+)$`)
	message     = regexp.MustCompile(`^(\w+)(-->>|->>)(\w+): (.+)$`)
	note        = regexp.MustCompile(`^Note over (\w+): (.+)$`)
)

func TestThePicturesOfTheManualAreThoseOfTheirSources(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("../../docs/*.mmd")
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	for _, source := range sources {
		t.Run(filepath.Base(source), func(t *testing.T) {
			text, err := os.ReadFile(source)
			require.NoError(t, err)
			drawn, picture := drawSequence(t, string(text)), strings.TrimSuffix(source, ".mmd")+".svg"
			if *update {
				require.NoError(t, os.WriteFile(picture, []byte(drawn), 0o600))
			}
			have, err := os.ReadFile(picture)
			require.NoError(t, err)
			require.Equal(t, drawn, string(have), "draw it again: go test ./integration/docs -run Pictures -update")
		})
	}
}

// drawSequence draws a sequence diagram: a column for each participant, and a row for each
// message and note.
func drawSequence(t *testing.T, text string) string {
	t.Helper()
	const column, row, top, font, glyph = 190, 26, 36, 12, 7.3
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.Equal(t, "sequenceDiagram", lines[0])
	var names []string
	columns := map[string]int{}
	x := func(name string) int {
		at, ok := columns[name]
		require.True(t, ok, "%s is no participant", name)
		return column/2 + at*column
	}
	label := func(x, y int, colour, text string) string { // on white, so that no line crosses it
		width := int(float64(utf8.RuneCountInString(text))*glyph) + 6
		return fmt.Sprintf(`<rect x="%d" y="%d" width="%d" height="16" fill="#ffffff"/><text x="%d" y="%d" fill="%s" text-anchor="middle">%s</text>`+"\n",
			x-width/2, y-12, width, x, y, colour, html.EscapeString(text))
	}
	var body strings.Builder
	y := top
	for _, line := range lines[1:] {
		line = strings.TrimSpace(line)
		if m := participant.FindStringSubmatch(line); m != nil {
			columns[m[1]] = len(names)
			names = append(names, m[2])
			continue
		}
		if m := note.FindStringSubmatch(line); m != nil {
			y += row
			body.WriteString(label(x(m[1]), y+4, "#2f855a", m[2]))
			continue
		}
		m := message.FindStringSubmatch(line)
		require.NotNil(t, m, "neither a participant, nor a message, nor a note: %s", line)
		from, to, dash := x(m[1]), x(m[3]), ""
		if m[2] == "-->>" {
			dash = ` stroke-dasharray="5 4"`
		}
		y += row + row/4
		fmt.Fprintf(&body, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#2b6cb0"%s marker-end="url(#head)"/>`+"\n", from, y+9, to, y+9, dash)
		body.WriteString(label((from+to)/2, y+1, "#1a202c", m[4]))
	}
	width, height := column*len(names), y+row
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-monospace, monospace" font-size="%d">`+"\n", width, height, font)
	out.WriteString(`<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#2b6cb0"/></marker></defs>` + "\n")
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	for i, name := range names {
		at := column/2 + i*column
		fmt.Fprintf(&out, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#cbd5e0"/>`+"\n", at, top, at, height-8)
		fmt.Fprintf(&out, `<rect x="%d" y="10" width="%d" height="26" rx="4" fill="#edf2f7" stroke="#9aa5b1"/><text x="%d" y="27" fill="#1a202c" text-anchor="middle">%s</text>`+"\n",
			at-60, 120, at, html.EscapeString(name))
	}
	return out.String() + body.String() + "</svg>\n"
}
