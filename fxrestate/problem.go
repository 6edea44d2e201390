package fxrestate

import (
	"errors"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Problems returns what is wrong in an error of fx.New, or of the start or the stop of an
// application, each problem once: without the constructors on the way to it, which fx and
// dig list in their texts. It is for an application that prints its errors itself:
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
	if list := joined(err); list != nil {
		var all []string
		for _, e := range list {
			all = append(all, problemsOf(e)...)
		}
		return all
	}
	if place, inner := ofFx(err); inner != nil {
		all := problemsOf(inner)
		for i, p := range all {
			if place != "" && !strings.Contains(p, place) {
				all[i] = p + at(place)
			}
		}
		return all
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
			return problemsOf(inner)
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
		return list.Errors()
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
	by := "by " + found[2]
	if strings.Contains(by, "reflect") { // an annotated constructor, a supplied value
		by = "elsewhere"
	}
	return found[1] + " is provided twice, here and " + by + "; provide it once"
}

var (
	alreadyProvided = regexp.MustCompile(`cannot provide (\S+) from \[\d+\]: already provided by (.*)$`)
	scopeName       = regexp.MustCompile(`\[scope "[^"]*"\] `)
	framePlace      = regexp.MustCompile(`\n\t(\S+:\d+)`)
	fullPath        = regexp.MustCompile(`\(/[^()\s]*/([^/()\s]+:\d+)\)`)
)

// oneLine returns a text of several lines as one, with places as "(main.go:12)".
func oneLine(text string) string {
	return fullPath.ReplaceAllString(strings.Join(strings.Fields(text), " "), "($1)")
}
