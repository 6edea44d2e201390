package drawing_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/drawing"
	"github.com/fxrestate/go/internal/description"
)

var update = flag.Bool("update", false, "write the golden files")

// shop is an application with each kind of service, a circle, a call of itself, one that
// passes a layer, dead letters, a service of another application, and hostile texts.
func shop() description.Document {
	guard := description.Member{Stage: "guard", Level: "global", Name: "*auth.Guard"}
	handler := func(name, mode string) description.Handler {
		return description.Handler{Name: name, Mode: mode, Method: "(*shop.T)." + name, Input: description.Payload{Type: "shop.Order"}, Pipeline: []description.Member{guard}}
	}
	call := func(to string) description.Call { return description.Call{Service: to, By: description.ByClient} }
	run := handler("Run", "workflow run")
	run.Subscriptions = []description.Subscription{{Source: "kafka://main/orders"}}
	charge := handler("Charge", "concurrent")
	charge.Options = map[string]string{"public": "false"}
	charge.Output = description.Payload{Type: "map[string]shop.AReceiptWithQuiteALongName[github.com/somewhere/else/of.Something]"}
	charge.Pipeline = append(charge.Pipeline, description.Member{Stage: "dead letter", Level: "handler", Name: "graveyard/Bury"})
	return description.Document{
		Build: description.Build{Package: "example.com/shop"},
		Services: []description.Service{
			{Name: "cart", Kind: "virtual object", Handlers: []description.Handler{handler("Add", "exclusive"), handler("Total", "shared")}},
			{Name: "graveyard", Kind: "service", Handlers: []description.Handler{handler("Bury", "concurrent")}},
			{
				Name: "orders", Kind: "workflow", Handlers: []description.Handler{run},
				Calls: []description.Call{call("cart"), call("payments"), call("rates"), call("orders")},
			},
			{
				Name: "payments", Kind: "service", Handlers: []description.Handler{charge},
				Calls: []description.Call{call("cart"), call("orders"), {Service: "graveyard", By: description.ByDeadLetter}},
			},
			{Name: "z\x1b[31m<script>\"'&", Kind: "service", Handlers: []description.Handler{{Name: "H\u202e", Input: description.Payload{Schema: "日本語"}}}},
		},
		Outside: []description.Outside{
			{Constructor: "main.NewAPI", Client: "*ingress.Client"},
			{Constructor: "main.NewJobs", Client: "main.OrdersIngress", Service: "orders"},
		},
	}
}

func TestDrawings(t *testing.T) {
	t.Parallel()
	for file, drawn := range map[string]string{
		"shop.txt":    drawing.Text(shop(), 0),
		"shop40.txt":  drawing.Text(shop(), 40),
		"shop.mmd":    drawing.Mermaid(shop()),
		"shop.svg":    drawing.SVG(shop()),
		"nothing.svg": drawing.SVG(description.Document{}),
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			golden := filepath.Join("testdata", file)
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(drawn), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), drawn)
		})
	}
}

func TestTextFitsANarrowTerminal(t *testing.T) {
	t.Parallel()
	for l := range strings.SplitSeq(drawing.Text(shop(), 40), "\n") {
		require.LessOrEqual(t, utf8.RuneCountInString(l), 40, l)
	}
}

func TestNothingOfTheApplicationSteersTheReader(t *testing.T) {
	t.Parallel()
	for name, drawn := range map[string]string{"text": drawing.Text(shop(), 0), "Mermaid": drawing.Mermaid(shop()), "SVG": drawing.SVG(shop())} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotContains(t, drawn, "\x1b")
			require.NotContains(t, drawn, "\u202e")
			if name != "text" {
				require.NotContains(t, drawn, "<script")
			}
		})
	}
}

// mermaid has the statements that a flow chart of ours consists of.
var mermaid = regexp.MustCompile(`^(flowchart LR|  subgraph application|  end` +
	`|(  |    )b\d+(\["[^"]*"\]|\[\("[^"]*"\)\]|\[\["[^"]*"\]\]|\(\["[^"]*"\]\)|\("[^"]*"\))` +
	`|  b\d+ --> (b\d+|application)|  b\d+ -\. dead letters \.-> b\d+)$`)

func TestMermaidHasNoOtherStatements(t *testing.T) {
	t.Parallel()
	for l := range strings.SplitSeq(strings.TrimSuffix(drawing.Mermaid(shop()), "\n"), "\n") {
		require.Regexp(t, mermaid, l)
	}
}

func TestTheImageIsSoundXML(t *testing.T) {
	t.Parallel()
	d := xml.NewDecoder(strings.NewReader(drawing.SVG(shop())))
	texts, paths := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			switch start.Name.Local {
			case "text":
				texts++
			case "path":
				paths++
			}
		}
	}
	require.Greater(t, texts, 20)
	require.Equal(t, 9, paths, "eight arrows and the head")
}

func FuzzDrawings(f *testing.F) {
	f.Add("cart", "Add", "main.Line")
	f.Add("\"]\n  evil --> b0", "#quot;", "</style><script>")
	f.Add("\xff\x00", "-->", "`")
	f.Add("", "", "\"><script>")
	f.Fuzz(func(t *testing.T, service, handler, text string) {
		doc := description.Document{
			Build: description.Build{Package: text},
			Services: []description.Service{{
				Name: service, Kind: text, Calls: []description.Call{{Service: text}, {Service: service}},
				Handlers: []description.Handler{{Name: handler, Method: text, Input: description.Payload{Type: text}, Pipeline: []description.Member{{Stage: "guard", Name: text}}}},
			}},
			Outside: []description.Outside{{Constructor: text}},
		}
		for l := range strings.SplitSeq(strings.TrimSuffix(drawing.Mermaid(doc), "\n"), "\n") {
			require.Regexp(t, mermaid, l)
		}
		d := xml.NewDecoder(strings.NewReader(drawing.SVG(doc)))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			require.NoError(t, err)
			if start, ok := token.(xml.StartElement); ok {
				require.Contains(t, []string{"svg", "title", "style", "defs", "marker", "path", "g", "rect", "text"}, start.Name.Local)
			}
		}
	})
}
