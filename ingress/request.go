package ingress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/httpclient"
)

// Headers of the ingress.
const (
	contentEncodingHeader    = "Content-Encoding"
	contentTypeHeader        = "Content-Type"
	errorSourceHeader        = "X-Restate-Error-Source"
	idempotencyExpiresHeader = "Idempotency-Expires"
	idempotencyKeyHeader     = "Idempotency-Key"
	invocationIDHeader       = "X-Restate-Id"
	limitKeyHeader           = "X-Restate-Limit-Key"
	retryAfterHeader         = "Retry-After"
)

const (
	// maxBody bounds what is read of one response. The server's own limit is 32 MB
	// unless it is configured otherwise.
	maxBody = 256 << 20
	// maxFirstRead bounds the memory that is reserved by the Content-Length of a
	// response. The rest is allocated as bytes arrive.
	maxFirstRead = 64 << 10
)

// request is one request to the ingress.
type request struct {
	name           string // for errors, such as "payments/Charge"
	subject        string // what it is about, without ids
	path           path
	query          string
	body           []byte
	contentType    string // empty: none
	encoding       string // of the body; empty: none
	idempotencyKey string // empty: none
	limitKey       string // empty: none
	headers        map[string]string
	repeatable     bool
}

// answer is a response. Without an error it is a success.
type answer struct {
	body         []byte
	contentType  string
	invocationID string
	deduplicated bool
}

func (a answer) response() Response {
	return Response{InvocationID: a.invocationID, Deduplicated: a.deduplicated}
}

// encode makes the payload of an input.
func (c callee) encode(in any, o requestOptions) (payload, error) {
	codec := codecOr(o.input, c.input)
	body, err := encoding.Marshal(codec, in)
	if err != nil {
		return payload{}, fmt.Errorf("ingress: %s: encode the input: %w", c.name(), err)
	}
	return payload{body: body, contentType: sentContentType(contentType(codec, in))}, nil
}

// newRequest describes the request for a call or send.
func (c callee) newRequest(verb string, in payload, o requestOptions) (request, error) {
	if c.once && o.idempotencyKey != "" {
		return request{}, fmt.Errorf("ingress: %s: the main handler of a workflow takes no idempotency key: the workflow's id is one", c.name())
	}
	r := request{
		name:           c.name(),
		subject:        c.name(),
		path:           c.invokePath(verb),
		body:           in.body,
		contentType:    in.contentType,
		encoding:       in.encoding,
		idempotencyKey: o.idempotencyKey,
		limitKey:       o.limitKey,
		headers:        o.headers,
		// A workflow's id makes equal sends one. A second call is rejected.
		repeatable: o.idempotencyKey != "" || c.once && verb == verbSend,
	}
	if o.delay > 0 {
		// The server counts in milliseconds; a rounded one is not early.
		r.query = "delay=" + strconv.FormatInt(roundUp(o.delay, time.Millisecond), 10) + "ms"
	}
	return r, nil
}

const (
	jsonContentType = "application/json"
	// octetStream is the content type of unknown bytes.
	octetStream = "application/octet-stream"
)

// anyContentType is the content type of a handler that takes any body, in discovery. No
// body has it.
const anyContentType = "*/*"

// isRange reports whether a handler takes bodies of several content types.
func isRange(described string) bool { return strings.HasSuffix(described, "/*") }

// sentContentType is the content type of a body that is sent to a handler.
func sentContentType(described string) string {
	if isRange(described) {
		return octetStream
	}
	return described
}

// contentType returns the content type of an input, by the rules of discovery.
// encoding.InputPayloadFor would make a JSON schema as well.
func contentType(codec encoding.Codec, in any) string {
	if own, ok := in.(encoding.RestateUnmarshaler); ok {
		if payload := own.InputPayload(codec); payload != nil && payload.ContentType != nil {
			return *payload.ContentType
		}
		return ""
	}
	if described, ok := codec.(encoding.CodecMetadata); ok {
		return described.ContentType()
	}
	return ""
}

// do makes a request, and retries it where that is safe.
func (c *Client) do(ctx context.Context, r request) (answer, error) {
	c.warnInside(ctx, r.subject)
	if err := checkCarried(ctx); err != nil {
		return answer{}, fmt.Errorf("ingress: %s: %w", r.name, err)
	}
	var waits *backoff.Waits
	for attempt := 1; ; attempt++ {
		a, err := c.attempt(ctx, r)
		if err == nil || !r.repeatable || attempt >= c.retry.MaxAttempts {
			return a, err
		}
		if waits == nil {
			waits = backoff.New(c.retry.InitialInterval, c.retry.MaxInterval)
		}
		after, ok := retryAfter(err)
		if !ok || !sleep(ctx, after+waits.Next()) {
			if ctx.Err() != nil {
				err = fmt.Errorf("%w; not repeated: %w", err, ctx.Err())
			}
			return a, err
		}
	}
}

// attempt makes a request once.
func (c *Client) attempt(ctx context.Context, r request) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "", bytes.NewReader(r.body))
	if err != nil {
		return answer{}, fmt.Errorf("ingress: %s: %w", r.name, err)
	}
	req.URL = r.path.resolve(c.all.Base)
	req.URL.RawQuery = r.query
	c.setHeader(req, r)

	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, c.connectionError(ctx, r, err)
	}
	defer res.Body.Close()

	a := answer{
		contentType:  res.Header.Get(contentTypeHeader),
		invocationID: idOf(res),
		deduplicated: res.Header.Get(idempotencyExpiresHeader) != "",
	}
	// A terminal error may have any code, 200 included: only the header tells.
	if res.StatusCode/100 != 2 || res.Header.Get(errorSourceHeader) != "" {
		return a, c.responseError(r, res)
	}
	if a.body, err = readBody(res); err != nil {
		return a, c.connectionError(ctx, r, err)
	}
	return a, nil
}

func (c *Client) setHeader(req *http.Request, r request) {
	header := req.Header
	req.Host = c.all.Host
	for name, values := range c.all.Header {
		header[name] = values // net/http does not change them
	}
	setHeaders(req, carriedHeaders(req.Context()))
	if r.contentType != "" {
		header[contentTypeHeader] = []string{r.contentType}
	}
	if r.encoding != "" {
		header[contentEncodingHeader] = []string{r.encoding}
	}
	if r.idempotencyKey != "" {
		header[idempotencyKeyHeader] = []string{r.idempotencyKey}
	}
	if r.limitKey != "" {
		header[limitKeyHeader] = []string{r.limitKey}
	}
	setHeaders(req, r.headers)
}

func setHeaders(req *http.Request, headers map[string]string) {
	for name, value := range headers {
		if name = http.CanonicalHeaderKey(name); name == httpclient.HostHeader {
			req.Host = value
			continue
		}
		req.Header[name] = []string{value}
	}
}

// readBody reads an answer whole, so that its connection can be used again.
func readBody(res *http.Response) ([]byte, error) {
	if res.ContentLength > maxBody {
		return nil, errBodyTooLarge
	}
	var body bytes.Buffer
	// A buffer reads at least bytes.MinRead at a time: with room for that, a small
	// answer of known length fits without growing.
	body.Grow(int(min(max(res.ContentLength, 0), maxFirstRead)) + bytes.MinRead)
	if _, err := body.ReadFrom(io.LimitReader(res.Body, maxBody+1)); err != nil {
		return nil, err
	}
	if body.Len() > maxBody {
		return nil, errBodyTooLarge
	}
	return body.Bytes(), nil
}

// idOf returns the invocation's id in the header of a response, or nothing if that has
// not the form of an id: a gateway may have sent it.
func idOf(res *http.Response) string {
	if id := res.Header.Get(invocationIDHeader); invocationID.MatchString(id) {
		return id
	}
	return ""
}

var errBodyTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)
