package invocations

import (
	"regexp"
	"strings"
)

// shownFrames is how many functions of a stack are shown.
const shownFrames = 4

// machinery are the functions that are in every stack.
var machinery = regexp.MustCompile(`^(goroutine \d|runtime[./]|panic\(|net/http\.|golang\.org/x/net/|created by |` +
	`github\.com/restatedev/sdk-go[./]|github\.com/fxrestate/go/(endpoint|handler|pipeline|internal)[./])`)

// cutStack returns the first functions of a stack that are the application's, with their
// lines.
func cutStack(stack string) string {
	var frames []string
	lines := strings.Split(stack, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "\t") || line == "" || machinery.MatchString(line) {
			continue
		}
		if len(frames) == 2*shownFrames {
			break
		}
		frames = append(frames, line)
		if i+1 < len(lines) {
			frames = append(frames, "  "+strings.TrimSpace(lines[i+1]))
		}
	}
	return strings.Join(frames, "\n")
}
