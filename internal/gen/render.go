package gen

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"go/types"
	"strings"
	"text/template"
)

//go:embed file.tmpl client.tmpl fake.tmpl
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "*.tmpl"))

// fileView is the template's data of the file.
type fileView struct {
	Header, Constraint, Package string
	Std, Others                 []string // imports
	Body                        string
}

// serviceView is the template's data of a handler struct.
type serviceView struct {
	declared
	accessors
	words

	Name     string
	Method   string // that returns the constructors
	HasKey   bool
	Left     string // handlers without a client
	Handlers []methodView

	Fake fakeNames

	// The names of imported packages.
	Context, Restate, RPC, Durable, IngressPkg string
}

// methodView is the template's data of a handler.
type methodView struct {
	Name    string
	Comment string // lines of the comment, or empty
	Suffix  string // of the verb: "Call" + "0Void"
	Param   string // ", in Item"
	Arg     string // ", in"
	Input   string // "Item"
	Results string // "(Contents, error)"
	Output  string // "Contents"
	Void    bool   // there is no result
	Type    string // of the method expression

	// For a parameter or a result of several lines, gofumpt wants these in the
	// signature of a function, but not in that of an interface's method.
	ParamsEnd, ResultsEnd, FuncResults string
}

// With returns what the template of a result needs.
func (m methodView) With(s serviceView) any {
	return struct {
		methodView
		Service serviceView
	}{m, s}
}

// severalLines tells whether gofmt breaks a type into lines. It does so for structs with
// tags, and no other type has quotes.
func severalLines(t string) bool { return strings.Contains(t, `"`) }

// render writes the file. The imports come last, because writing the rest collects them.
func (o *output) render(src *source, services []*service) error {
	name := func(path string) string { return o.names.of(src.imports[path].Types) }
	var body bytes.Buffer
	for _, s := range services {
		a, err := accessorsFor(s)
		if err != nil {
			return err
		}
		v := serviceView{
			declared: declaredFor(s), accessors: a, words: wordsFor[s.kind],
			Name: s.obj.Name(), Method: clientsMethod, HasKey: s.kind.Keyed(), Left: strings.Join(s.left, ", "), Fake: fakeNamesFor(s),
			Context: name(contextPath), Restate: name(restatePath), RPC: name(rpcPath), Durable: name(durablePath), IngressPkg: name(ingressPath),
		}
		for _, m := range s.methods {
			v.Handlers = append(v.Handlers, viewMethod(s, m, v.Restate, o.names))
		}
		if err := templates.ExecuteTemplate(&body, o.template, v); err != nil {
			return err
		}
	}
	view := fileView{Header: header, Constraint: services[0].constraint, Package: src.types.Name(), Body: body.String()}
	view.Std, view.Others = o.names.imports()
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "file", view); err != nil {
		return err
	}
	source, err := format.Source(b.Bytes())
	if err != nil {
		return fmt.Errorf("the generated code does not parse, which is a bug: %w", err)
	}
	o.source = source
	return nil
}

func viewMethod(s *service, m method, restate string, n *names) methodView {
	v := methodView{Name: m.obj.Name(), Comment: comment(m.comment), Output: restate + ".Void", Results: "error"}
	params := fmt.Sprintf("*%s, %s.%s", s.obj.Name(), restate, m.context)
	if m.input != nil {
		in := types.TypeString(m.input, n.of)
		v.Param, v.Arg, v.Input = ", in "+in, ", in", in
		params += ", " + in
		if severalLines(in) {
			v.ParamsEnd = ",\n"
		}
	} else {
		v.Suffix = "0"
	}
	if m.output != nil {
		v.Output = types.TypeString(m.output, n.of)
		v.Results = "(" + v.Output + ", error)"
		if severalLines(v.Output) {
			v.ResultsEnd = ",\n"
		}
		v.FuncResults = "(" + v.Output + ", error" + v.ResultsEnd + ")"
	} else {
		v.Void = true
		v.Suffix += "Void"
		v.FuncResults = v.Results
	}
	v.Type = fmt.Sprintf("func(%s) %s", params, v.Results)
	return v
}

// comment converts the text of a comment back to comment lines in the form of gofmt.
func comment(text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		prefix := "\t// "
		if strings.HasPrefix(line, "\t") || line == "\n" {
			prefix = "\t//"
		}
		b.WriteString(prefix + line)
	}
	return b.String()
}
