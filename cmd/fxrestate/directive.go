package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A directive is a go:generate line that runs fxrestate gen.
type directive struct {
	position string   // "shop.go:3"
	args     []string // after "fxrestate gen"
}

// directives finds the lines in a directory, in the files that go generate reads: those of
// the current platform, tests included. It returns none for a directory that cannot be
// read, because the generator says why.
func directives(dir string) ([]directive, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil
	}
	platform := build.Default
	platform.BuildTags = []string{"generate"} // as go generate
	var found []directive
	for _, e := range entries {
		if ok, err := platform.MatchFile(dir, e.Name()); err != nil || !ok || filepath.Ext(e.Name()) != ".go" {
			continue
		}
		source, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("gen: %w", err)
		}
		found = append(found, directivesIn(e.Name(), source)...)
	}
	return found, nil
}

// directivesIn finds the lines in a file by the rules of go generate. A line that go
// generate would refuse is skipped.
func directivesIn(name string, source []byte) (found []directive) {
	aliases := map[string][]string{}
	number := 0
	for line := range bytes.Lines(source) {
		number++
		text, ok := strings.CutPrefix(strings.TrimRight(string(line), "\r\n"), "//go:generate")
		if !ok || !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, "\t") {
			continue
		}
		words, err := split(text)
		if err != nil || len(words) == 0 {
			continue
		}
		variables := variablesOf(name, source, number)
		for i, w := range words {
			words[i] = os.Expand(w, variables)
		}
		if words[0] == "-command" {
			if len(words) > 1 {
				aliases[words[1]] = words[2:]
			}
			continue
		}
		if command, ok := aliases[words[0]]; ok {
			words = append(command[:len(command):len(command)], words[1:]...)
		}
		if args, ok := argsOfGen(words); ok {
			found = append(found, directive{name + ":" + strconv.Itoa(number), args})
		}
	}
	return found
}

// split splits a line into words, which may be quoted as Go strings.
func split(text string) (words []string, err error) {
	for {
		text = strings.TrimLeft(text, " \t")
		if text == "" {
			return words, nil
		}
		end := strings.IndexAny(text+" ", " \t")
		word := text[:end]
		if text[0] == '"' {
			quoted, err := strconv.QuotedPrefix(text)
			if err != nil {
				return nil, err
			}
			if word, err = strconv.Unquote(quoted); err != nil {
				return nil, err
			}
			if end = len(quoted); end < len(text) && !strings.ContainsRune(" \t", rune(text[end])) {
				return nil, errors.New("there is no space after a quoted word")
			}
		}
		words, text = append(words, word), text[end:]
	}
}

// argsOfGen returns what follows "fxrestate gen". The command may be run by go tool, by go
// run with a version, or from PATH.
func argsOfGen(words []string) (args []string, ok bool) {
	for i := range len(words) - 1 {
		command, _, _ := strings.Cut(words[i], "@")
		if path.Base(strings.TrimSuffix(filepath.ToSlash(command), ".exe")) == "fxrestate" && words[i+1] == "gen" {
			return words[i+2:], true
		}
	}
	return nil, false
}

// variablesOf returns the values of the variables in a line: those that go generate sets,
// and those of the environment.
func variablesOf(name string, source []byte, line int) func(string) string {
	values := map[string]string{
		"GOARCH": build.Default.GOARCH, "GOOS": build.Default.GOOS, "GOROOT": build.Default.GOROOT,
		"GOFILE": name, "GOLINE": strconv.Itoa(line), "DOLLAR": "$",
	}
	if f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.PackageClauseOnly); err == nil {
		values["GOPACKAGE"] = f.Name.Name
	}
	return func(variable string) string {
		if value, ok := values[variable]; ok {
			return value
		}
		return os.Getenv(variable)
	}
}
