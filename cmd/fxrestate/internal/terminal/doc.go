// Package terminal is where the commands of fxrestate read and write: tables that fit the
// width, JSON for programs, colours where a person looks, progress, questions and exit codes.
//
// The rules for all commands:
//
//   - What was asked for goes to Out, and everything else, such as progress, warnings and
//     questions, to Err.
//   - With --json, Out gets one JSON document and nothing else.
//   - What comes from a server or a program is escaped, so that it cannot steer the terminal.
//   - A command that changes something asks before, unless --yes is given. Where nobody can
//     be asked, it demands --yes.
package terminal
