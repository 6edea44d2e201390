package cron_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable/cron"
)

// next returns the next times after a time, as RFC 3339 has them.
func next(t *testing.T, expression, after string, n int) (times []string) {
	t.Helper()
	s, err := cron.Parse(expression)
	require.NoError(t, err)
	at, err := time.Parse(time.RFC3339, after)
	require.NoError(t, err)
	for range n {
		following := s.Next(at)
		require.True(t, following.After(at), "%v is not after %v", following, at)
		at = following
		times = append(times, at.Format(time.RFC3339))
	}
	return times
}

func TestAScheduleHasItsTimesAlsoWhereClocksChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expression, after string
		want              []string
	}{
		"each day in UTC by default": {
			"0 3 * * *", "2026-11-27T15:50:00Z",
			[]string{"2026-11-28T03:00:00Z", "2026-11-29T03:00:00Z"},
		},
		"seconds are the first of six fields": {
			"*/20 30 3 * * *", "2026-11-27T03:29:59Z",
			[]string{"2026-11-27T03:30:00Z", "2026-11-27T03:30:20Z", "2026-11-27T03:30:40Z", "2026-11-28T03:30:00Z"},
		},
		"weekdays are no zone": {
			"0 9 * * mon-fri", "2026-11-27T10:00:00Z",
			[]string{"2026-11-30T09:00:00Z"},
		},
		"a zone follows weekdays": {
			"0 9 * * MON America/New_York", "2026-11-27T10:00:00Z",
			[]string{"2026-11-30T09:00:00-05:00"},
		},
		"@daily takes a zone": {
			"@daily Asia/Tokyo", "2026-11-27T16:00:00Z",
			[]string{"2026-11-29T00:00:00+09:00"},
		},
		"@every does not drift": {
			"@every 90s", "2026-11-27T00:00:07Z",
			[]string{"2026-11-27T00:01:30Z", "2026-11-27T00:03:00Z"},
		},
		"the 29th of February": {
			"0 0 29 2 *", "2024-02-29T00:00:00Z",
			[]string{"2028-02-29T00:00:00Z"},
		},
		"a time that is skipped runs right after the change": {
			"30 2 * * * Europe/Berlin", "2026-03-28T00:00:00Z",
			[]string{"2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"},
		},
		"a skipped time does not run twice where the next is the change itself": {
			"0 2,3 * * * Europe/Berlin", "2026-03-29T00:00:00Z",
			[]string{"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"},
		},
		"a time that comes twice runs the first time": {
			"30 2 * * * Europe/Berlin", "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"},
		},
		"asked between both, a time that comes twice has been": {
			"30 2 * * * Europe/Berlin", "2026-10-25T01:10:00Z",
			[]string{"2026-10-26T02:30:00+01:00"},
		},
		"each hour of a day that has 23": {
			"0 * * * * Europe/Berlin", "2026-03-28T23:30:00Z",
			[]string{"2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"},
		},
		"each hour of a day that has 25": {
			"0 * * * * Europe/Berlin", "2026-10-24T23:30:00Z",
			[]string{"2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"},
		},
		"each half hour goes on through a change": {
			"*/30 * * * * America/New_York", "2026-11-01T05:15:00Z",
			[]string{"2026-11-01T01:30:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T01:30:00-05:00", "2026-11-01T02:00:00-05:00"},
		},
		"a zone whose midnight is skipped": {
			"0 0 * * * America/Sao_Paulo", "2018-11-03T12:00:00Z",
			[]string{"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"},
		},
		"a zone that changes by half an hour": {
			"15 2 * * * Australia/Lord_Howe", "2026-10-03T00:00:00Z",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"},
		},
		"each hour in a zone that changes by half an hour": {
			"0 * * * * Australia/Lord_Howe", "2026-04-04T13:45:00Z",
			[]string{"2026-04-05T01:00:00+11:00", "2026-04-05T02:00:00+10:30", "2026-04-05T03:00:00+10:30"},
		},
		"a zone that left out a day": {
			"0 12 * * * Pacific/Apia", "2011-12-29T00:00:00Z",
			[]string{"2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"},
		},
		"a zone of negative summer time": {
			"30 1 * * * Europe/Dublin", "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T02:00:00+01:00", "2026-03-30T01:30:00+01:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, next(t, test.expression, test.after, len(test.want)))
		})
	}
}

func TestAnExpressionThatIsWrongSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"":                             "it is empty; write five fields",
		"0 3 * *":                      "expected 5 to 6 fields, found 4",
		"60 3 * * *":                   "end of range (60) above maximum (59)",
		"0 0 30 2 *":                   "it never runs; check its day and month",
		", 0 * * *":                    "it never runs",
		"@fortnightly":                 "unrecognized descriptor",
		"@every 1h Europe/Berlin":      `write "@every" and a duration of whole seconds`,
		"@every 10ms":                  `write "@every" and a duration of whole seconds`,
		"@every -1h":                   `write "@every" and a duration of whole seconds`,
		"0 3 * * * Europe/Atlantis":    `the time zone "Europe/Atlantis" is not known`,
		"0 3 * * * ../../etc/passwd":   "expected 5 to 6 fields|failed to parse int",
		"0 3 * * * Local":              "the time zone Local is another one on another machine",
		"TZ=Europe/Berlin 0 3 * * *":   "write the time zone at the end",
		"CRON_TZ=0":                    "write the time zone at the end",
		strings.Repeat("1,", 200) + "": "it has more than 256 bytes",
	} {
		t.Run(expression[:min(len(expression), 30)], func(t *testing.T) {
			t.Parallel()
			_, err := cron.Parse(expression)
			require.Error(t, err)
			require.Regexp(t, quoteAlternatives(want), err.Error())
			require.Less(t, len(err.Error()), 1000)
		})
	}
}

func quoteAlternatives(want string) string {
	return strings.NewReplacer("(", `\(`, ")", `\)`, "|", "|").Replace(want)
}

func TestAScheduleWithoutAnExpressionHasNoTime(t *testing.T) {
	t.Parallel()
	require.Zero(t, cron.Schedule{}.Next(time.Now()))
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0 3 * * * Europe/Berlin", "@every 1h", "@daily UTC", "*/5 1-3,7 ? jan mon", "TZ=", "0 0 29 2 *", "CRON_TZ=0 ", "59/99 * * * *"} {
		f.Add(seed, int64(1_774_746_000))
	}
	f.Fuzz(func(t *testing.T, expression string, unix int64) {
		s, err := cron.Parse(expression)
		if err != nil {
			return
		}
		// From 1970 to 2106.
		at := time.Unix(unix&0xFFFF_FFFF, 0)
		for range 3 {
			next := s.Next(at)
			require.True(t, next.IsZero() || next.After(at), "%v is not after %v", next, at)
			if next.IsZero() {
				return
			}
			require.Zero(t, next.Nanosecond())
			at = next
		}
	})
}
