package cron

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// maxExpression bounds an expression, in bytes.
const maxExpression = 256

// Schedule says when a job runs. [Parse] makes one of an expression. The zero Schedule never
// runs.
type Schedule struct {
	wall  *cron.SpecSchedule // in UTC, which stands for the wall clock of the zone
	zone  *time.Location
	every time.Duration // of "@every", in place of wall
}

// Parse reads a cron expression:
//
//	┌─ minute 0-59
//	│ ┌─ hour 0-23
//	│ │ ┌─ day of the month 1-31
//	│ │ │ ┌─ month 1-12 or jan-dec
//	│ │ │ │ ┌─ day of the week 0-6 or sun-sat
//	30 3 * * mon-fri Europe/Berlin
//
// A field is "*", a number, a range, a step such as "*/15", or a list of these with commas.
// Of six fields the first are the seconds. If both days are restricted, one of them suffices.
// The name of a time zone may follow, as in the IANA database; default: UTC.
//
// "@yearly", "@monthly", "@weekly", "@daily" and "@hourly" stand for their fields. "@every
// 90s" runs whenever a multiple of that time has passed since the year 1, so that it does not
// drift; it takes no zone, and is at least a second.
//
// When clocks are set forward, a job whose time is skipped runs once, right after the
// change. When they are set back, it runs only the first time. That holds for jobs of certain
// hours. A job whose hour is "*" runs by the time that has passed: each hour of a day that has
// 23 or 25 of them.
//
// The error says what is wrong, also of an expression that never runs.
func Parse(expression string) (Schedule, error) {
	s, err := parse(expression)
	if err != nil {
		return Schedule{}, fmt.Errorf("cron: the expression %q: %w", shorten(expression), err)
	}
	return s, nil
}

var (
	errNever = errors.New("it never runs; check its day and month")
	errEvery = errors.New(`write "@every" and a duration of whole seconds, such as "@every 90s"`)
	errZone  = errors.New(`write the time zone at the end, such as "0 3 * * * Europe/Berlin"`)
	errLocal = errors.New(`the time zone Local is another one on another machine; name it, such as "Europe/Berlin"`)
)

func parse(expression string) (Schedule, error) {
	if len(expression) > maxExpression {
		return Schedule{}, fmt.Errorf("it has more than %d bytes", maxExpression)
	}
	fields := strings.Fields(expression)
	switch {
	case len(fields) == 0:
		return Schedule{}, errors.New(`it is empty; write five fields, such as "0 3 * * *"`)
	case strings.Contains(fields[0], "TZ="): // robfig/cron would take it, and panics if it stands alone
		return Schedule{}, errZone
	case fields[0] == "@every":
		return parseEvery(fields[1:])
	}
	zone := time.UTC
	if last := fields[len(fields)-1]; len(fields) > 1 && isZone(last) {
		var err error
		if zone, err = loadZone(last); err != nil {
			return Schedule{}, err
		}
		fields = fields[:len(fields)-1]
	}
	parsed, err := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor).
		Parse(strings.Join(fields, " "))
	if err != nil {
		return Schedule{}, err
	}
	wall, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return Schedule{}, errEvery
	}
	wall.Location = time.UTC
	if wall.Next(leapYear).IsZero() {
		return Schedule{}, errNever
	}
	return Schedule{wall: wall, zone: zone}, nil
}

// leapYear is before a 29th of February that robfig/cron, which looks ahead for five years,
// finds.
var leapYear = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func parseEvery(fields []string) (Schedule, error) {
	if len(fields) != 1 {
		return Schedule{}, errEvery
	}
	every, err := time.ParseDuration(fields[0])
	if err != nil || every < time.Second || every%time.Second != 0 {
		return Schedule{}, errEvery
	}
	return Schedule{every: every}, nil
}

// isZone tells the name of a zone from a list of weekdays.
func isZone(field string) bool {
	first := field[0] | 0x20
	if first < 'a' || first > 'z' {
		return false
	}
	for _, day := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		if rest, ok := strings.CutPrefix(strings.ToLower(field), day); ok && (rest == "" || strings.ContainsAny(rest[:1], "-,/")) {
			return false
		}
	}
	return true
}

func loadZone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "local") {
		return nil, errLocal
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf(`the time zone %q is not known; take a name such as "Europe/Berlin", and import _ "time/tzdata" where the machine has no database of zones`, name)
	}
	return zone, nil
}

// Next returns the first time after a time at which the job runs, in the zone of the
// schedule. It is the zero time if there is none within five years.
func (s Schedule) Next(after time.Time) time.Time {
	switch {
	case s.every > 0:
		return after.UTC().Truncate(s.every).Add(s.every)
	case s.wall == nil:
		return time.Time{}
	case s.eachHour():
		return s.nextPassed(after)
	default:
		return s.nextShown(after)
	}
}

// eachHour reports whether the field of hours is "*".
func (s Schedule) eachHour() bool {
	const hours = 1<<24 - 1
	return s.wall.Hour&hours == hours
}

// nextPassed goes by the time that passes: it looks for the next time period by period, in
// each of which the zone has one offset.
func (s Schedule) nextPassed(after time.Time) time.Time {
	for {
		after = after.In(s.zone)
		_, offset := after.Zone()
		shift := time.Duration(offset) * time.Second
		wall := s.wall.Next(after.UTC().Add(shift))
		if wall.IsZero() {
			return time.Time{}
		}
		next := wall.Add(-shift).In(s.zone)
		_, end := after.ZoneBounds()
		if end.IsZero() || next.Before(end) {
			return next
		}
		// The change itself may be the time; robfig/cron counts in whole seconds. Where two
		// changes are a second apart, the period is left for good by its own end.
		if end = end.In(s.zone); s.matches(end) {
			return end
		}
		after = end
	}
}

// matches reports whether the job runs at a time.
func (s Schedule) matches(t time.Time) bool {
	wall := wallOf(t)
	return s.wall.Next(wall.Add(-time.Second)).Equal(wall)
}

// nextShown goes by what the clock on the wall shows.
func (s Schedule) nextShown(after time.Time) time.Time {
	for wall := wallOf(after.In(s.zone)); ; {
		if wall = s.wall.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if next := firstShown(wall, s.zone); next.After(after) {
			return next
		}
	}
}

// wallOf returns what a clock on the wall shows, as if it were UTC.
func wallOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// firstShown returns when clocks of a zone first show a time, or the moment at which they
// are set forward past it.
func firstShown(wall time.Time, zone *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	start, end := t.ZoneBounds()
	switch shown := wallOf(t); {
	case shown.After(wall): // they never show it
		return start.In(zone)
	case shown.Before(wall):
		return end.In(zone)
	case start.IsZero():
		return t
	}
	_, now := t.Zone()
	_, before := start.Add(-time.Second).Zone()
	if earlier := t.Add(time.Duration(now-before) * time.Second); earlier.Before(start) && wallOf(earlier.In(zone)).Equal(wall) {
		return earlier
	}
	return t
}

// shorten bounds what an error quotes.
func shorten(s string) string {
	if len(s) > maxExpression {
		return strings.ToValidUTF8(s[:maxExpression], "") + "…"
	}
	return s
}
