package fxrestate

import (
	"errors"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/fxrestate/go/internal/printable"
)

// Problems returns what is wrong in an error of fx.New, or of the start or the stop of an
// application, each problem once, as one line whose control characters are escaped. It is
// without the constructors on the way to it, which fx and dig list in their texts. Problems
// is for an application that prints its errors itself:
//
//	if err := app.Err(); err != nil {
//		for _, problem := range fxrestate.Problems(err) {
//			fmt.Fprintln(os.Stderr, problem)
//		}
//		os.Exit(1)
//	}
//
// [Module] logs them so. Problems of nil are none.
func Problems(err error) (problems []string) {
	for _, p := range problemsOf(err) {
		if !slices.Contains(problems, p) {
			problems = append(problems, p)
		}
	}
	return problems
}

func problemsOf(err error) []string {
	if err == nil {
		return nil
	}
	var all []string
	for _, e := range joined(err) {
		all = append(all, problemsOf(e)...)
	}
	if len(all) > 0 {
		return all
	}
	if place, inner := ofFx(err); inner != nil {
		return withPlace(problemsOf(inner), place)
	}
	outer := err
	for isOfDig(err) {
		inner := errors.Unwrap(err)
		switch {
		case inner == nil && typeName(err) == "errCycleDetected":
			return []string{"a cycle among constructors: " + scopeName.ReplaceAllString(oneLine(err.Error()), "")}
		case inner == nil && typeName(err) == "errMissingTypes": // the error around it has the place
			return []string{oneLine(outer.Error()) + "; provide it"}
		case inner == nil:
			return []string{twice(oneLine(outer.Error()))}
		case !isOfDig(inner):
			return withPlace(problemsOf(inner), ofConstructor(err, inner))
		}
		outer, err = err, inner
	}
	return []string{oneLine(err.Error())}
}

// joined returns the errors of errors.Join and of multierr, which fx uses. An error that
// wraps several in a text of its own stays whole.
func joined(err error) []error {
	switch list := err.(type) {
	case interface{ Errors() []error }:
		if typeOf(err).PkgPath() == "go.uber.org/multierr" {
			return list.Errors()
		}
	case interface{ Unwrap() []error }:
		if typeName(err) == "joinError" {
			return list.Unwrap()
		}
	}
	return nil
}

// ofFx takes apart an error of an option of fx, whose text is as "fx.Provide(f()) from:",
// a stack, and "Failed:".
func ofFx(err error) (place string, inner error) {
	text := err.Error()
	if !strings.HasPrefix(text, "fx.") || !strings.Contains(text, " from:\n") || !strings.Contains(text, "Failed: ") {
		return "", nil
	}
	if found := framePlace.FindStringSubmatch(text); found != nil {
		place = path.Base(found[1])
	}
	return place, errors.Unwrap(err)
}

// ofConstructor returns the place of the constructor that failed with inner, of which err of
// dig says so. There is none of an annotated one, nor of ours, whose errors have the place of
// the mistake.
func ofConstructor(err, inner error) (place string) {
	found := constructor.FindStringSubmatch(strings.TrimSuffix(err.Error(), inner.Error()))
	if found == nil || found[1] == "reflect" || isOurs(found[1]) {
		return ""
	}
	return path.Base(found[2])
}

// isOurs reports whether a package is this one or, as devserver, stands beside it.
func isOurs(pkg string) bool {
	return path.Dir(pkg) == path.Dir(reflect.TypeFor[Config]().PkgPath()) && !strings.HasSuffix(pkg, "_test")
}

// withPlace returns problems with the place, those that do not have it.
func withPlace(problems []string, place string) []string {
	for i, p := range problems {
		if place != "" && !strings.Contains(p, place) {
			problems[i] = p + at(place)
		}
	}
	return problems
}

func isOfDig(err error) bool { return typeOf(err).PkgPath() == "go.uber.org/dig" }

func typeName(err error) string { return typeOf(err).Name() }

func typeOf(err error) reflect.Type {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// twice says of a type that is provided twice what to do, and by what it is.
func twice(text string) string {
	found := alreadyProvided.FindStringSubmatch(text)
	if found == nil {
		return text
	}
	if found[1] == "*"+reflect.TypeFor[present]().String() {
		return "fxrestate.Module is listed twice, perhaps in the module of an application too; list it once"
	}
	by := "by " + found[2]
	if strings.Contains(by, "reflect") { // an annotated constructor, a supplied value
		by = "elsewhere"
	}
	return found[1] + " is provided twice, here and " + by + "; provide it once"
}

var (
	alreadyProvided = regexp.MustCompile(`cannot provide (\S+) from \[\d+\]: already provided by (.*)$`)
	constructor     = regexp.MustCompile(`function "([^"]*)"\.\S+ \((\S+:\d+)\)`)
	scopeName       = regexp.MustCompile(`\[scope "[^"]*"\] `)
	framePlace      = regexp.MustCompile(`\n\t(\S+:\d+)`)
	fullPath        = regexp.MustCompile(`\(/[^()\s]*/([^/()\s]+:\d+)\)`)
)

// oneLine returns a text of several lines as one, with places as "(main.go:12)". It goes to
// a terminal, and may be that of a server.
func oneLine(text string) string {
	return printable.Text(fullPath.ReplaceAllString(strings.Join(strings.Fields(text), " "), "($1)"))
}
