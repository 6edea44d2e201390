package compat

import (
	"fmt"
	"strings"

	"golang.org/x/mod/semver"
)

// Verdict says how a version stands to a [Requirement].
type Verdict string

// The verdicts.
const (
	// Fits: from Minimum to Tested, or a later patch of Tested.
	Fits Verdict = "fits"
	// TooOld: older than Minimum.
	TooOld Verdict = "too old"
	// Untested: of a minor version that is newer than Tested. It probably works.
	Untested Verdict = "untested"
	// Unknown: it is not written as a version.
	Unknown Verdict = "unknown"
)

// Of judges a version, such as "1.7.12" or "1.7.0-rc.1". A release candidate counts as the
// version that it becomes: it has what that has.
func (r Requirement) Of(version string) Verdict {
	v := "v" + version
	if !semver.IsValid(v) {
		return Unknown
	}
	released := v[:len(v)-len(semver.Prerelease(v))-len(semver.Build(v))]
	switch {
	case semver.Compare(released, "v"+r.Minimum) < 0:
		return TooOld
	case semver.Compare(semver.MajorMinor(v), semver.MajorMinor("v"+r.Tested)) > 0:
		return Untested
	default:
		return Fits
	}
}

// Advice says what to do about a version that does not fit, or nothing.
func (r Requirement) Advice(version string) string {
	switch r.Of(version) {
	case TooOld:
		return fmt.Sprintf("upgrade %s to %s or later: an older one %s", r.Name, r.Minimum, strings.ReplaceAll(r.Why, "`", ""))
	case Untested:
		return fmt.Sprintf("this version of fxrestate was tested with %s %s: look for a newer one", r.Name, r.Tested)
	case Unknown:
		return fmt.Sprintf("compare it with %s, the oldest %s that works", r.Minimum, r.Name)
	default:
		return ""
	}
}
