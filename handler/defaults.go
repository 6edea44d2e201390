package handler

import (
	"errors"
	"slices"

	restate "github.com/restatedev/sdk-go"
)

// Defaults returns those of the options that apply to services of a kind, with their
// retry policies merged field by field. See [Spec].Defaults. An option that is nil is an
// error.
func Defaults(kind Kind, options []restate.ServiceDefinitionOption) ([]restate.ServiceDefinitionOption, error) {
	if slices.Contains(options, nil) {
		return nil, errors.New("handler: an option among the defaults is nil; leave it out")
	}
	fit := fitting(kind, options)
	if policy, ok := mergedRetryPolicy(fit); ok {
		fit = append(fit, policy)
	}
	return fit, nil
}
