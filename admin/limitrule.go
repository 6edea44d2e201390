package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// LimitRule limits how many invocations run at a time, among those whose scope and limit key
// match a pattern.
type LimitRule struct {
	// Pattern such as "*", "scope/*" or "scope/tenant/user". It is the name of the rule.
	Pattern string
	// Concurrency is how many invocations may run at a time, 0 for no limit.
	Concurrency int
	// Description for people.
	Description string
	// Disabled rules are kept and have no effect.
	Disabled bool
	// Version grows with each change of what the rule does. The server sets it.
	Version int
	// ModifiedAt is when it was last changed. The server sets it.
	ModifiedAt time.Time
}

// ErrNoLimitRule is the error for a rule that is not there.
var ErrNoLimitRule = errors.New("there is no such limit rule")

type ruleRow struct {
	Pattern     string    `json:"pattern"`
	Concurrency int       `json:"concurrency"`
	Description string    `json:"description"`
	Disabled    bool      `json:"disabled"`
	Version     int       `json:"version"`
	ModifiedAt  time.Time `json:"last_modified"`
}

// LimitRules lists all rules by their patterns.
func (c *Client) LimitRules(ctx context.Context) ([]LimitRule, error) { return c.limitRules(ctx, nil) }

// LimitRule returns the rule of a pattern, or an error that wraps [ErrNoLimitRule].
func (c *Client) LimitRule(ctx context.Context, pattern string) (LimitRule, error) {
	rules, err := c.limitRules(ctx, conditions{{"pattern = ?", []any{pattern}}})
	if err == nil && len(rules) == 0 {
		err = fmt.Errorf("admin: %q: %w", pattern, ErrNoLimitRule)
	}
	if err != nil {
		return LimitRule{}, err
	}
	return rules[0], nil
}

// limitRules reads the table: the API has no call for it.
func (c *Client) limitRules(ctx context.Context, selected conditions) ([]LimitRule, error) {
	where, args := selected.where()
	rows, err := Query[ruleRow](ctx, c, "SELECT * FROM sys_rules"+where+" ORDER BY pattern", args...)
	if err != nil {
		return nil, err
	}
	rules := make([]LimitRule, len(rows))
	for i, row := range rows {
		rules[i] = LimitRule(row)
	}
	return rules, nil
}

// CreateLimitRules adds rules, all or none, and returns them as they are now. The error is an
// [*Error] with status 409 if there is a rule of one of the patterns, and with status 422 for
// a pattern or a number that cannot be.
func (c *Client) CreateLimitRules(ctx context.Context, rules ...LimitRule) ([]LimitRule, error) {
	return c.putRules(ctx, rules, func(LimitRule) precondition { return precondition{Type: "does_not_exist"} })
}

// PutLimitRules adds or replaces rules, all or none, and returns them as they are now. A rule
// with a Version must be there in this version: otherwise the error is an [*Error] with status
// 409. A rule that was read before it was changed has one, so no change of somebody else's is
// lost.
func (c *Client) PutLimitRules(ctx context.Context, rules ...LimitRule) ([]LimitRule, error) {
	return c.putRules(ctx, rules, func(r LimitRule) precondition {
		if r.Version == 0 {
			return precondition{Type: "none"}
		}
		return precondition{Type: "matches", Version: r.Version}
	})
}

// DeleteLimitRules removes the rules of the patterns, all or none, and returns the patterns of
// those that were there. A rule with a Version must be there in this version: otherwise the
// error is an [*Error] with status 409.
func (c *Client) DeleteLimitRules(ctx context.Context, rules ...LimitRule) (removed []string, err error) {
	type deletion struct {
		Pattern string `json:"pattern"`
		Version int    `json:"expected_version,omitempty"`
	}
	body := make([]deletion, len(rules))
	for i, r := range rules {
		body[i] = deletion{r.Pattern, r.Version}
	}
	var answer patterns
	_, err = c.do(ctx, call{method: http.MethodPost, path: []string{"limits", "rules", "bulk-delete"}, body: body}, &answer)
	return answer, err
}

type patterns []string

func (p *patterns) empty() bool { return *p == nil }

// precondition is what must be so for a rule to be changed.
type precondition struct {
	Type    string `json:"type"`
	Version int    `json:"version,omitempty"`
}

type ruleLimits struct {
	Concurrency int `json:"concurrency,omitempty"`
}

// rulesAnswer is the answer to a change of rules, which has another form than the table.
type rulesAnswer []struct {
	Pattern     string     `json:"pattern"`
	Limits      ruleLimits `json:"limits"`
	Description string     `json:"description"`
	Disabled    bool       `json:"disabled"`
	Version     int        `json:"version"`
	ModifiedAt  int64      `json:"last_modified_millis_since_epoch"`
}

func (a *rulesAnswer) empty() bool { return *a == nil }

func (c *Client) putRules(ctx context.Context, rules []LimitRule, when func(LimitRule) precondition) ([]LimitRule, error) {
	type change struct {
		Pattern      string       `json:"pattern"`
		Limits       ruleLimits   `json:"limits"`
		Description  string       `json:"description,omitempty"`
		Disabled     bool         `json:"disabled"`
		Precondition precondition `json:"precondition"`
	}
	body := make([]change, len(rules))
	for i, r := range rules {
		if r.Concurrency < 0 {
			return nil, fmt.Errorf("admin: LimitRule %q: Concurrency %d must not be negative; 0 is no limit", r.Pattern, r.Concurrency)
		}
		body[i] = change{r.Pattern, ruleLimits{r.Concurrency}, r.Description, r.Disabled, when(r)}
	}
	var answer rulesAnswer
	if _, err := c.do(ctx, call{method: http.MethodPut, path: []string{"limits", "rules"}, body: body}, &answer); err != nil {
		return nil, err
	}
	if len(answer) != len(rules) {
		asked := http.MethodPut + " " + c.URL() + "/limits/rules"
		return nil, c.strange(asked, http.StatusOK, fmt.Errorf("%d rules in place of %d", len(answer), len(rules)))
	}
	now := make([]LimitRule, len(answer))
	for i, r := range answer {
		now[i] = LimitRule{r.Pattern, r.Limits.Concurrency, r.Description, r.Disabled, r.Version, time.UnixMilli(r.ModifiedAt)}
	}
	return now, nil
}
