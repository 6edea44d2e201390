package admin

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAQueryIsCutIntoParts(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][]string{
		"":                nil,
		"a?b":             {"a", "?", "b"},
		"'a''?'?":         {"'a''?'", "?"},
		`"a""?"?`:         {`"a""?"`, "?"},
		`E'\'?'?e'\\'?`:   {`E'\'?'`, "?", `e'\\'`, "?"},
		"ae'?'?":          {"ae", "'?'", "?"},
		"1e'?'?":          {"1", "e'?'", "?"},
		"1.5e-3e'\\''?":   {"1.5e-3", "e'\\''", "?"},
		"--?\n?":          {"--?\n", "?"},
		"-?":              {"-", "?"},
		"/*/**/?*/?":      {"/*/**/?*/", "?"},
		"/*/?":            {"/*/?"},
		"$$?$$?":          {"$$?$$", "?"},
		"$ä_1$?$$?$ä_1$?": {"$ä_1$?$$?$ä_1$", "?"},
		"$1?$?":           {"$1", "?", "$", "?"},
		"a$$?$$":          {"a$$", "?", "$$"},
		"'?":              {"'?"},
		`"?`:              {`"?`},
		`E'?\`:            {`E'?\`},
		"$a$?":            {"$a$?"},
		"\xff?":           {"\xff", "?"},
		"ü?":              {"ü", "?"},
		"in(?,?)":         {"in", "(", "?", ",", "?", ")"},
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, slices.Collect(tokens(sql)))
		})
	}
}

// FuzzBind puts any value into any query. The parts of the query stay what they were, and in
// place of each placeholder is what the literal consists of, in spaces: no value ends its
// literal, and no literal joins what is beside it.
func FuzzBind(f *testing.F) {
	for _, sql := range []string{
		"SELECT * FROM t WHERE a = ? AND b IN (?)", "E?", "'?'?", "-?--?\n?", "/*?*/?/?*?", "$?$?$", `"?"?"`, "1e?", "X?", "??", "$$?$$?", "'a'?'b'",
	} {
		for _, text := range []string{"", "'", `\`, "''", "x' OR '1'='1", "--", "/*", "*/", "$$", "\n", "?", "\x00", "\\'", "ü"} {
			f.Add(sql, text, int64(-5), []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, sql, text string, number int64, bytes []byte) {
		text = strings.ToValidUTF8(text, "?")
		for _, arg := range []any{text, number, bytes, []string{text, "'"}, nil, true} {
			var want []string
			args := []any{}
			written, err := literals(arg)
			require.NoError(t, err)
			for part := range tokens(sql) {
				if part != "?" {
					want = append(want, part)
					continue
				}
				args = append(args, arg)
				want = append(want, " ")
				want = slices.AppendSeq(want, tokens(written))
				want = append(want, " ")
			}
			got, err := bind(sql, args)
			require.NoError(t, err)
			require.Equal(t, want, slices.Collect(tokens(got)), "%q", got)
			require.Equal(t, sql, strings.Join(slices.Collect(tokens(sql)), ""))
			_, err = bind(sql, append(args, 1))
			require.Error(t, err)
		}
		// A string is one part, whatever it is.
		require.Equal(t, []string{Quote(text)}, slices.Collect(tokens(Quote(text))))
	})
}
