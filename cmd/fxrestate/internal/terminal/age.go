package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Age returns a duration in its largest whole unit: 8s, 5m, 3h or 2d.
func Age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dd", d/day)
	}
}

const day = 24 * time.Hour

// Now returns the time.
func (t *Terminal) Now() time.Time {
	if t.Clock == nil {
		return time.Now()
	}
	return t.Clock()
}

// Since returns how long ago a time is, as Age does. It is empty for the zero time.
func (t *Terminal) Since(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return Age(t.Now().Sub(at))
}

// Time returns a time, and how long ago it is or in how long it will be. It is empty for the
// zero time.
func (t *Terminal) Time(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	text := at.UTC().Format(time.RFC3339)
	if now := t.Now(); at.After(now) {
		return text + " (in " + Age(at.Sub(now)) + ")"
	}
	return text + " (" + t.Since(at) + " ago)"
}

// Duration is the value of a flag: a duration as time.ParseDuration reads it, or days as 3d.
type Duration time.Duration

// String returns the duration as Set reads it.
func (d *Duration) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

// Type is how the help calls the value.
func (d *Duration) Type() string { return "duration" }

// Set reads a duration, which must be positive.
func (d *Duration) Set(text string) error {
	parsed, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); err == nil && n > 100_000 {
			err = strconv.ErrRange
		}
		parsed = time.Duration(n) * day
	}
	if err != nil || parsed <= 0 {
		return fmt.Errorf("%q is no duration such as 90s, 10m, 2h30m or 3d", text)
	}
	*d = Duration(parsed)
	return nil
}
