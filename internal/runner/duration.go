package runner

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// units are those of people, such as "2 min" and "1day 12h".
var units = map[string]time.Duration{
	"ns": 1, "nsec": 1,
	"us": time.Microsecond, "usec": time.Microsecond,
	"ms": time.Millisecond, "msec": time.Millisecond,
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

var (
	onePart  = regexp.MustCompile(`^\s*(\d+)\s*([a-z]+)`)
	standard = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)
)

// parseDuration reads a duration as the server does: ISO 8601, or with the units of
// people.
func parseDuration(text string) (time.Duration, error) {
	if parts := standard.FindStringSubmatch(text); parts != nil && len(text) > 1 && !strings.HasSuffix(text, "T") {
		var total float64
		for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
			if n, err := strconv.ParseFloat(parts[i+1], 64); err == nil {
				total += n * float64(unit)
			}
		}
		return bounded(total), nil
	}
	if text == "0" {
		return 0, nil
	}
	var total float64
	for rest := strings.TrimSpace(text); ; rest = strings.TrimSpace(rest) {
		part := onePart.FindStringSubmatch(rest)
		if part == nil || units[part[2]] == 0 {
			return 0, fmt.Errorf("invalid duration %q", text)
		}
		n, err := strconv.ParseFloat(part[1], 64)
		if err != nil {
			return 0, fmt.Errorf("invalid duration %q", text)
		}
		total += n * float64(units[part[2]])
		if rest = rest[len(part[0]):]; rest == "" {
			return bounded(total), nil
		}
	}
}

// bounded is the duration, or a very long one if it has no room for it.
func bounded(nanoseconds float64) time.Duration {
	if nanoseconds >= math.MaxInt64/2 {
		return math.MaxInt64 / 2
	}
	return time.Duration(nanoseconds)
}
