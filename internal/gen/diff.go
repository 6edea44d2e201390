package gen

import (
	"fmt"
	"strings"
)

// maxDiff is the number of lines of each side in a diff: enough to recognise the change,
// and few enough for a terminal.
const maxDiff = 20

// diff shows the lines from the first to the last difference, in the format of diff -u
// with one hunk.
func diff(have, want string) string {
	old, now := strings.Split(have, "\n"), strings.Split(want, "\n")
	start := 0
	for start < min(len(old), len(now)) && old[start] == now[start] {
		start++
	}
	end := 0
	for end < min(len(old), len(now))-start && old[len(old)-1-end] == now[len(now)-1-end] {
		end++
	}
	var b strings.Builder
	removed, added := old[start:len(old)-end], now[start:len(now)-end]
	fmt.Fprintf(&b, "@@ -%d,%d +%d,%d @@\n", start+1, len(removed), start+1, len(added))
	writeLines(&b, "-", removed)
	writeLines(&b, "+", added)
	return b.String()
}

func writeLines(b *strings.Builder, sign string, lines []string) {
	for i, line := range lines {
		if i == maxDiff {
			fmt.Fprintf(b, "%s… %d more lines\n", sign, len(lines)-i)
			return
		}
		b.WriteString(sign + line + "\n")
	}
}
