package schematest

import (
	"database/sql"
	"encoding/json"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Standard has types of the standard library, by value and by pointer.
type Standard struct {
	Int      big.Int        `json:"int"`
	IntP     *big.Int       `json:"intP"`
	Ints     []big.Int      `json:"ints"`
	Float    big.Float      `json:"float"`
	FloatP   *big.Float     `json:"floatP"`
	Rat      *big.Rat       `json:"rat"`
	Addr     netip.Addr     `json:"addr"`
	Prefix   *netip.Prefix  `json:"prefix"`
	IP       net.IP         `json:"ip"`
	URL      *url.URL       `json:"url"`
	Level    slog.Level     `json:"level"`
	Took     time.Duration  `json:"took"`
	Month    time.Month     `json:"month"`
	At       time.Time      `json:"at"`
	Until    *time.Time     `json:"until,omitempty"`
	Text     sql.NullString `json:"text"`
	Raw      json.RawMessage
	RawP     *json.RawMessage
	Location *time.Location
}

func standard() []Type {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600))
	raw := json.RawMessage(`{"a":[1]}`)
	address, _ := url.Parse("https://u:p@example.com/ä?q#f")
	prefix := netip.MustParsePrefix("10.0.0.0/8")
	number, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	return []Type{
		of("a time.Time", at, `1`, `"yesterday"`, `null`),
		of("a *time.Time", &at, `1`, `"yesterday"`),
		of("a time.Duration", time.Second, `"1s"`),
		of("a json.RawMessage", raw),
		of("a netip.Addr", netip.MustParseAddr("fe80::1%eth0"), `1`),
		of("a *netip.Prefix", &prefix, `1`),
		of("a net.IP", net.ParseIP("::1"), `1`),
		of("a url.URL", *address, `"https://example.com"`),
		of("a *big.Int", number, `"1"`),
		of("a big.Int", *number, `"1"`),
		of("a *big.Float", big.NewFloat(1.5), `1`),
		of("a *big.Rat", big.NewRat(1, 3), `1`),
		of("a slog.Level", slog.LevelError, `1`),
		of("a sql.Null", sql.Null[string]{V: "a", Valid: true}, `"a"`, `{"V":"a"}`),
		of("a sql.NullTime", sql.NullTime{Time: at, Valid: true}, `{"Time":1,"Valid":true}`),
		of("a protobuf message as plain JSON", timestamppb.New(at), `"x"`),
		of("fields of the standard library", Standard{
			Int: *number, IntP: number, Ints: []big.Int{*number}, Float: *big.NewFloat(1.5), FloatP: big.NewFloat(1.5), Rat: big.NewRat(1, 3),
			Addr: netip.MustParseAddr("10.0.0.1"), Prefix: &prefix, IP: net.ParseIP("10.0.0.1"), URL: address, Level: slog.LevelWarn,
			Took: time.Hour, Month: time.May, At: at, Until: &at, Text: sql.NullString{String: "a", Valid: true}, Raw: raw, RawP: &raw,
			Location: time.UTC,
		}, `{}`),
	}
}
