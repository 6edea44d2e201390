package compat

import (
	"fmt"
	"strings"
)

// Requirement is what this module needs of something that has a version of its own.
type Requirement struct {
	// Name of it, as people know it.
	Name string `json:"name"`
	// Minimum is the oldest version that works, such as "1.7.2".
	Minimum string `json:"minimum"`
	// Tested is the version that the tests run with.
	Tested string `json:"tested"`
	// Why an older version does not do: it completes "an older one …".
	Why string `json:"why"`
}

// Go is the toolchain.
func Go() Requirement {
	return Requirement{
		Name: "Go", Minimum: "1.26", Tested: "1.26",
		Why: "has no `errors.AsType`, which the source uses",
	}
}

// SDK is Restate's SDK for Go. Its unpublished parts are pinned by a contract test, so each
// release of this module is for one version of it.
func SDK() Requirement {
	return Requirement{
		Name: "github.com/restatedev/sdk-go", Minimum: "1.2.0", Tested: "1.2.0",
		Why: "has other unpublished parts than those that are used",
	}
}

// Server is restate-server.
func Server() Requirement {
	return Requirement{
		Name: "restate-server", Minimum: "1.7.2", Tested: "1.7.12",
		Why: "has no `/restate/call` at its ingress, which the clients use",
	}
}

// All returns the whole table.
func All() []Requirement { return []Requirement{Go(), SDK(), Server()} }

// Markdown returns the table as the documentation has it.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| | oldest | tested with | an older one |\n|---|---|---|---|\n")
	for _, r := range All() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Name, r.Minimum, r.Tested, r.Why)
	}
	return b.String()
}
