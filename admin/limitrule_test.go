package admin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestLimitRulesAreCreatedReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	client, ctx, scope := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("scope")
	all, tenant := scope+"/*", scope+"/tenant_1"
	created, err := client.CreateLimitRules(ctx, admin.LimitRule{Pattern: all, Concurrency: 5, Description: "all"}, admin.LimitRule{Pattern: tenant, Disabled: true})
	require.NoError(t, err)
	require.Len(t, created, 2)
	require.WithinDuration(t, time.Now(), created[0].ModifiedAt, time.Minute)
	require.Equal(t, 1, created[0].Version)

	rule, err := client.LimitRule(ctx, tenant)
	require.NoError(t, err)
	require.True(t, rule.ModifiedAt.Equal(created[1].ModifiedAt))
	rule.ModifiedAt = created[1].ModifiedAt
	require.Equal(t, created[1], rule)
	require.Equal(t, admin.LimitRule{Pattern: tenant, Disabled: true, Version: 1, ModifiedAt: rule.ModifiedAt}, rule)

	_, err = client.CreateLimitRules(ctx, admin.LimitRule{Pattern: scope + "/new", Concurrency: 1}, admin.LimitRule{Pattern: all, Concurrency: 1})
	requireError(t, err, http.StatusConflict, "")
	_, err = client.LimitRule(ctx, scope+"/new")
	require.ErrorIs(t, err, admin.ErrNoLimitRule, "all or none")
	require.False(t, admin.Retryable(err))

	rule.Concurrency, rule.Disabled = 9, false
	changed, err := client.PutLimitRules(ctx, rule)
	require.NoError(t, err)
	require.Greater(t, changed[0].Version, rule.Version)
	require.Equal(t, 9, changed[0].Concurrency)
	_, err = client.PutLimitRules(ctx, rule)
	requireError(t, err, http.StatusConflict, "")
	_, err = client.PutLimitRules(ctx, admin.LimitRule{Pattern: all})
	require.NoError(t, err, "without a version it is replaced whatever it is")

	rules, err := client.LimitRules(ctx)
	require.NoError(t, err)
	found := map[string]int{}
	for _, r := range rules {
		found[r.Pattern] = r.Concurrency
	}
	require.Contains(t, found, all)
	require.Equal(t, 0, found[all])
	require.Equal(t, 9, found[tenant])

	_, err = client.DeleteLimitRules(ctx, admin.LimitRule{Pattern: all}, rule)
	requireError(t, err, http.StatusConflict, "")
	removed, err := client.DeleteLimitRules(ctx, admin.LimitRule{Pattern: all}, changed[0], admin.LimitRule{Pattern: scope + "/nothing"})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{all, tenant}, removed)
	_, err = client.LimitRule(ctx, all)
	require.ErrorIs(t, err, admin.ErrNoLimitRule)
}

func TestALimitRuleThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	client, ctx := newClient(t, admin.Config{}), testkit.Context(t)
	_, err := client.CreateLimitRules(ctx, admin.LimitRule{Pattern: "a/*", Concurrency: -1})
	require.EqualError(t, err, `admin: LimitRule "a/*": Concurrency -1 must not be negative; 0 is no limit`)
	for name, pattern := range map[string]string{"empty": "", "an empty part": "a//b", "too many parts": "a/b/c/d/e"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.PutLimitRules(testkit.Context(t), admin.LimitRule{Pattern: pattern, Concurrency: 1})
			requireError(t, err, http.StatusUnprocessableEntity, "")
		})
	}
}
