package durable_test

import (
	"errors"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

type (
	cartKey struct {
		Tenant string
		Number int
	}
	everyKey struct {
		Text   string
		Signed int8
		Count  uint64
		Share  float64
		Open   bool
		Addr   netip.Addr
	}
	oneKey  struct{ Name string }
	flagKey struct {
		On    bool
		Share float32
	}
)

var cartKeys = durable.NewCompoundKey[cartKey]()

func TestAKeyOfPartsRoundTrips(t *testing.T) {
	t.Parallel()
	for parts, want := range map[cartKey]string{
		{"acme", 7}:                 "acme:7",
		{"", 0}:                     ":0",
		{"a:b", -1}:                 "a~1b:-1",
		{"a~1b", 2}:                 "a~01b:2",
		{"~:~", 3}:                  "~0~1~0:3",
		{"a/b %3A?#", 4}:            "a/b %3A?#:4",
		{"Zoë \n", 5}:               "Zoë \n:5",
		{"acme:7", 7}:               "acme~17:7",
		{strings.Repeat(":", 3), 1}: "~1~1~1:1",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			key, err := cartKeys.Join(parts)
			require.NoError(t, err)
			require.Equal(t, want, key)
			back, err := cartKeys.Split(key)
			require.NoError(t, err)
			require.Equal(t, parts, back)
		})
	}
	every := everyKey{"x", -128, math.MaxUint64, 0.1, true, netip.MustParseAddr("::1")}
	key, err := durable.NewCompoundKey[everyKey]().Join(every)
	require.NoError(t, err)
	require.Equal(t, "x:-128:18446744073709551615:0.1:true:~1~11", key)
	back, err := durable.CompoundKey[everyKey]{}.Split(key)
	require.NoError(t, err)
	require.Equal(t, every, back)
	one, err := durable.NewCompoundKey[oneKey]().Join(oneKey{"a:b"})
	require.NoError(t, err)
	require.Equal(t, "a~1b", one)
}

func FuzzCompoundKey(f *testing.F) {
	f.Add("acme", 7, "acme:7")
	f.Add("~:", -1, "a~2:+1")
	f.Fuzz(func(t *testing.T, tenant string, number int, other string) {
		parts := cartKey{tenant, number}
		key, err := cartKeys.Join(parts)
		require.NoError(t, err)
		back, err := cartKeys.Split(key)
		require.NoError(t, err)
		require.Equal(t, parts, back)
		if parsed, err := cartKeys.Split(other); err == nil {
			again, err := cartKeys.Join(parsed)
			require.NoError(t, err)
			require.Equal(t, other, again, "two keys for the same parts")
		}
	})
}

func TestATextThatIsNoKeyOfPartsIsTheCallersMistake(t *testing.T) {
	t.Parallel()
	split := func(key string) error {
		_, err := cartKeys.Split(key)
		return err
	}
	splitFlag := func(key string) error {
		_, err := durable.NewCompoundKey[flagKey]().Split(key)
		return err
	}
	_, infinite := durable.NewCompoundKey[flagKey]().Join(flagKey{Share: float32(math.Inf(1))})
	for want, err := range map[string]error{
		`durable: "acme" is not the key of a durable_test.cartKey: it has 1 parts instead of 2`:                     split("acme"),
		`durable: "a:b:7" is not the key of a durable_test.cartKey: it has 3 parts instead of 2`:                    split("a:b:7"),
		`durable: "acme:x" is not the key of a durable_test.cartKey: Number is not a whole number, or is too large`: split("acme:x"),
		`durable: "acme:+7" is not the key of a durable_test.cartKey: Join writes these parts as "acme:7"`:          split("acme:+7"),
		`durable: "acme:007" is not the key of a durable_test.cartKey: Join writes these parts as "acme:7"`:         split("acme:007"),
		`durable: "a~b:7" is not the key of a durable_test.cartKey: Join writes these parts as "a~0b:7"`:            split("a~b:7"),
		`durable: "1:0" is not the key of a durable_test.flagKey: Join writes these parts as "true:0"`:              splitFlag("1:0"),
		"durable: durable_test.flagKey.Share: is not a number, or is too large":                                     infinite,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, err, want)
			require.EqualValues(t, http.StatusBadRequest, restate.AsTerminalError(err).Code())
		})
	}
}

func TestAKeyOfWhatCannotBePartsSaysSo(t *testing.T) {
	t.Parallel()
	type embedding struct {
		cartKey
		Parts []string
		At    *time.Time
		small int
	}
	for want, check := range map[string]interface{ Check() error }{
		"durable: CompoundKey[string]: pass a struct whose fields are the parts":    durable.NewCompoundKey[string](),
		"durable: CompoundKey[struct {}]: pass a struct whose fields are the parts": durable.NewCompoundKey[struct{}](),
		"durable: CompoundKey[durable_test.embedding]: the field cartKey cannot be a part; export it, and do not embed it\n" +
			"durable: CompoundKey[durable_test.embedding]: the field Parts is a []string; use a string, a number, a bool or a type with MarshalText and UnmarshalText\n" +
			"durable: CompoundKey[durable_test.embedding]: the field At is a *time.Time; use a string, a number, a bool or a type with MarshalText and UnmarshalText\n" +
			"durable: CompoundKey[durable_test.embedding]: the field small cannot be a part; export it, and do not embed it": durable.NewCompoundKey[embedding](),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, check.Check(), want)
		})
	}
	_, err := durable.NewCompoundKey[embedding]().Join(embedding{small: 1})
	require.Error(t, err)
	require.False(t, restate.IsTerminalError(err))
	_, err = durable.NewCompoundKey[embedding]().Split("a")
	require.Error(t, err)
	require.False(t, restate.IsTerminalError(err))
}

// Basket tells the parts of its key.
type Basket struct{}

func (*Basket) Own(ctx restate.ObjectSharedContext) (cartKey, error) {
	return cartKeys.Split(restate.Key(ctx))
}

func TestAKeyOfPartsAddressesTheSameObjectFromInsideAndOutside(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("basket")
	var inside rpc.Object[*Basket]
	var outside *ingress.Client
	ask := func(ctx restate.Context, _ int32) (string, error) {
		parts := cartKey{"a/b:~ %2F?", 7}
		key, err := cartKeys.Join(parts)
		if err != nil {
			return "", err
		}
		called, err := rpc.Call0(ctx, inside.Key(key), (*Basket).Own)
		if err != nil {
			return "", err
		}
		routed, err := restate.Run(ctx, func(rc restate.RunContext) (cartKey, error) {
			return ingress.Call0(rc, ingress.NewObject[*Basket](outside).Key(key), (*Basket).Own)
		})
		if err == nil && (called != parts || routed != parts) {
			err = errors.New("another object")
		}
		return key, err
	}
	try(t, fxrestate.Config{}, ask, fxrestate.Object[*Basket](func() *Basket { return &Basket{} }, fxrestate.Name(name)),
		fx.Populate(&inside, &outside)).returns(t, "a/b~1~0 %2F?:7")
}
