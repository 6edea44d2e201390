package terminal

import (
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Table is a table of texts. What is in it is escaped.
type Table struct {
	Header []string
	Rows   [][]string
	// Style returns the style of a cell. Default: nil, all are plain.
	Style func(row, column int) Style
	// Below says that the last column may be long: in a table that would be wider than Out it
	// is written below the row, if the table then fits.
	Below bool
}

// gap is between columns.
const gap = 2

// Table writes a table to Out. One that is wider than Out is written as a block of lines for
// each row, so that nothing is lost.
func (t *Terminal) Table(tb Table) {
	cells := make([][]string, len(tb.Rows))
	widths := make([]int, len(tb.Header))
	for i, h := range tb.Header {
		widths[i] = text.StringWidthWithoutEscSequences(h)
	}
	for r, row := range tb.Rows {
		cells[r] = make([]string, len(tb.Header))
		for c := range tb.Header {
			if c < len(row) {
				cells[r][c] = Escape(row[c])
			}
			widths[c] = max(widths[c], text.StringWidthWithoutEscSequences(cells[r][c]))
		}
	}
	wide := gap * (len(widths) - 1)
	for _, w := range widths {
		wide += w
	}
	paint := func(r, c int) string {
		if tb.Style == nil {
			return cells[r][c]
		}
		return t.Paint(tb.Style(r, c), cells[r][c])
	}
	columns, last := len(tb.Header), len(tb.Header)-1
	if t.Columns > 0 && wide > t.Columns && tb.Below && wide-widths[last]-gap <= t.Columns {
		columns = last
	} else if t.Columns > 0 && wide > t.Columns {
		t.blocks(tb.Header, len(cells), func(r, c int) (shown, plain string) { return paint(r, c), cells[r][c] })
		return
	}
	w := table.NewWriter()
	w.SetStyle(table.Style{
		Box:     table.BoxStyle{PaddingRight: strings.Repeat(" ", gap)},
		Format:  table.FormatOptions{Header: text.FormatUpper},
		Options: table.OptionsNoBordersAndSeparators,
	})
	header := make(table.Row, columns)
	for i, h := range tb.Header[:columns] {
		header[i] = h
	}
	w.AppendHeader(header)
	for r := range cells {
		row := make(table.Row, columns)
		for c := range columns {
			row[c] = paint(r, c)
		}
		w.AppendRow(row)
	}
	for i, line := range strings.Split(w.Render(), "\n") { // one for the header and for each row
		t.Printf("%s\n", strings.TrimRight(line, " "))
		if i > 0 && columns == last && cells[i-1][last] != "" {
			t.Printf("%s\n", t.Wrap("  ", paint(i-1, last)))
		}
	}
}

// blocks writes each row as lines with the name of the column and its cell, wrapped.
func (t *Terminal) blocks(header []string, rows int, cell func(row, column int) (shown, plain string)) {
	names := 0
	for _, h := range header {
		names = max(names, text.StringWidthWithoutEscSequences(h))
	}
	room := max(t.Columns-names-gap, 10)
	if t.Columns == 0 {
		room = math.MaxInt
	}
	for r := range rows {
		if r > 0 {
			t.Printf("\n")
		}
		for c, h := range header {
			shown, plain := cell(r, c)
			if plain == "" {
				continue
			}
			indent := strings.Repeat(" ", names+gap)
			switch {
			case longest(plain) <= room:
			case !strings.ContainsAny(plain, " \n"):
				// It may be copied, so it is not broken: it has a line of its own.
				t.Printf("%s\n%s%s\n", h, strings.Repeat(" ", gap), shown)
				continue
			default:
				shown = wrap(shown, room)
			}
			t.Printf("%s%s%s\n", h, strings.Repeat(" ", names+gap-text.StringWidthWithoutEscSequences(h)), strings.ReplaceAll(shown, "\n", "\n"+indent))
		}
	}
}

// Wrap returns a text in lines that fit Out behind an indent, which each line begins with.
func (t *Terminal) Wrap(indent, what string) string {
	if t.Columns > 0 {
		what = wrap(what, max(t.Columns-len(indent), 10))
	}
	return indent + strings.ReplaceAll(what, "\n", "\n"+indent)
}

// longest returns the width of the longest line of a text.
func longest(what string) int {
	width := 0
	for line := range strings.SplitSeq(what, "\n") {
		width = max(width, text.StringWidthWithoutEscSequences(line))
	}
	return width
}

// wrap breaks the lines of a text between words. A word that is longer stays whole: it may be
// an id that somebody copies.
func wrap(what string, columns int) string {
	var lines []string
	for line := range strings.SplitSeq(what, "\n") {
		width := 0
		var wrapped strings.Builder
		for i, word := range strings.Split(line, " ") {
			wide := text.StringWidthWithoutEscSequences(word)
			switch {
			case i == 0:
			case width+1+wide > columns:
				wrapped.WriteByte('\n')
				width = 0
			default:
				wrapped.WriteByte(' ')
				width++
			}
			wrapped.WriteString(word)
			width += wide
		}
		lines = append(lines, wrapped.String())
	}
	return strings.Join(lines, "\n")
}
