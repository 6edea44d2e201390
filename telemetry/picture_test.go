package telemetry_test

import (
	"fmt"
	"html"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The trace of the last run with -update: its spans, and the picture made of them.
const (
	traceText    = "../docs/trace.txt"
	tracePicture = "../docs/trace.svg"
)

// bar is a line of the picture.
type bar struct {
	depth          int
	name, note, of string
	start, end     time.Duration
}

func readTrace(t *testing.T) (bars []bar) {
	t.Helper()
	text, err := os.ReadFile(traceText)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.TrimRight(line, "\n"), " | ")
		require.Len(t, parts, 5, line)
		name := strings.TrimLeft(parts[0], " ")
		b := bar{depth: (len(parts[0]) - len(name)) / 2, name: name, note: parts[1], of: parts[2]}
		b.start, err = time.ParseDuration(parts[3])
		require.NoError(t, err)
		b.end, err = time.ParseDuration(parts[4])
		require.NoError(t, err)
		bars = append(bars, b)
	}
	return bars
}

// colours of the bars, by who made the span.
var colours = map[string]string{"server": "#9aa5b1", "application": "#2b6cb0", "lost": "none"}

// draw makes the picture of a trace. On the way from left to right each instant at which a
// span begins or ends is a step of the same width, because a crash lasts a hundred times as
// long as all the rest.
func draw(bars []bar) string {
	const row, left, right, step, indent, font = 24, 330, 250, 22, 14, 12
	var instants []time.Duration
	for _, b := range bars {
		instants = append(instants, b.start, b.end)
	}
	slices.Sort(instants)
	instants = slices.Compact(instants)
	x := func(at time.Duration) int { return left + slices.Index(instants, at)*step }
	width, height := x(instants[len(instants)-1])+right, row*len(bars)+row
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-monospace, monospace" font-size="%d">`+"\n", width, height, font)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	for i, b := range bars {
		y := row/2 + i*row
		name, style := b.of, ""
		if b.of == "lost" {
			style = ` stroke="#c53030" stroke-dasharray="4 3"`
		}
		colour := colours[name]
		if b.of == "application" && !strings.Contains(b.name, "/") {
			colour = "#2f855a" // a step
		}
		label := fmt.Sprint(b.end - b.start)
		if b.note != "" {
			label += ", " + b.note
		}
		from, to := x(b.start), x(b.end)
		fmt.Fprintf(&out, `<line x1="0" x2="%d" y1="%d" y2="%d" stroke="#edf0f3"/>`+"\n", width, y+row, y+row)
		fmt.Fprintf(&out, `<text x="%d" y="%d" fill="#1a202c">%s</text>`+"\n", 8+b.depth*indent, y+16, html.EscapeString(b.name))
		fmt.Fprintf(&out, `<rect x="%d" y="%d" width="%d" height="14" rx="2" fill="%s"%s/>`+"\n", from, y+5, max(to-from, 3), colour, style)
		fmt.Fprintf(&out, `<text x="%d" y="%d" fill="#4a5568">%s</text>`+"\n", max(to, from+3)+6, y+16, html.EscapeString(label))
	}
	out.WriteString("</svg>\n")
	return out.String()
}

func TestThePictureInTheDocumentationIsThatOfTheTraceBesideIt(t *testing.T) {
	t.Parallel()
	drawn, err := os.ReadFile(tracePicture)
	require.NoError(t, err)
	require.Equal(t, draw(readTrace(t)), string(drawn), "draw it again: go test ./telemetry -run TestAHandlerThatCrashes -update")
}
