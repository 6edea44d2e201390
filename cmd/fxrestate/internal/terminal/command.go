package terminal

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// Group returns a command that only has commands. Without one of them it shows its help.
func Group(use, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(commands...)
	return group
}

// AddChange adds the flags of a command that changes something: --yes, and --dry-run.
func (t *Terminal) AddChange(cmd *cobra.Command, dryRun *bool) {
	cmd.Flags().BoolVarP(&t.Yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(dryRun, "dry-run", false, "show what would be changed, and change nothing")
}

// plain are the words that need no quotes in a shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// CommandLine returns a command line to be typed or copied, with quotes where a shell needs
// them.
func CommandLine(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if !plain.MatchString(word) {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return Escape(strings.Join(quoted, " "))
}

// Field is a line of a description: a name and what it is.
type Field struct {
	Name, Value string
	Style       Style
}

// Fields writes the fields that have a value below each other, with the values aligned. What
// is in them is escaped. A value may have several lines.
func (t *Terminal) Fields(fields ...Field) {
	var header, values []string
	var styles []Style
	for _, f := range fields {
		if f.Value != "" {
			header = append(header, f.Name)
			values, styles = append(values, escapeLines(f.Value)), append(styles, f.Style)
		}
	}
	t.blocks(header, min(1, len(values)), func(_, c int) (shown, plain string) {
		return t.Paint(styles[c], values[c]), values[c]
	})
}

// escapeLines escapes all but the ends of lines.
func escapeLines(what string) string {
	lines := strings.Split(what, "\n")
	for i, line := range lines {
		lines[i] = Escape(line)
	}
	return strings.Join(lines, "\n")
}

// Title writes a line above a part of what a command writes, behind an empty line.
func (t *Terminal) Title(text string) { t.Printf("\n%s\n", t.Paint(Strong, text)) }

// Cut returns a text of at most so many characters, with … in place of what is missing.
func Cut(what string, characters int) string {
	runes := []rune(what)
	if len(runes) <= characters {
		return what
	}
	return string(runes[:max(characters-1, 0)]) + "…"
}

// Plural returns a number with a noun, whose plural has an s unless it is given.
func Plural(n int, one string, many ...string) string {
	text := one
	if n != 1 {
		text = one + "s"
		if len(many) > 0 {
			text = many[0]
		}
	}
	return strconv.Itoa(n) + " " + text
}
