package rr

// How the typed commands are made. Each is written once, as a method of commands in one of the files commands_*.go: its
// arguments, and what its reply is in Go. The methods of Client, Caller, Tx and Pipeline are generated from these.

//go:generate go run ./internal/gen/commands

import (
	"context"
	"strconv"
	"time"
)

// commands has a method for each typed command.
type commands struct{}

// None is the value of a command that has none, but succeeds or fails.
type None = struct{}

// request is a command that was not sent yet, and how its reply is read.
type request[T any] struct {
	builder
	read func(Value) (T, error)
	// A shorter way for a reply of several values, which may fail and then has taken nothing; or nil.
	take func(aggregate) (T, bool)
}

// waiting is a command that waits at the server: it has a connection of its own, and no place in a pipeline or transaction.
type waiting[T any] struct{ request[T] }

func ask[T any](b builder, read func(Value) (T, error)) request[T] { return request[T]{b, read, nil} }

// askStrings is for replies that are lists of texts, askStringMap for those that are maps.
func askStrings(b builder) request[[]string] { return request[[]string]{b, Value.Strings, takeStrings} }

func askStringMap(b builder) request[map[string]string] {
	return request[map[string]string]{b, Value.StringMap, takeStringMap}
}

func await[T any](b builder, read func(Value) (T, error)) waiting[T] { return waiting[T]{ask(b, read)} }

// builder collects the arguments of a command. It is passed on by value; err is the first argument that is none.
type builder struct {
	args *packed
	err  error
	// A script or another command of which an error does not say that nothing was done.
	halfway bool
}

// cmd begins a command with its name, and what follows that.
func cmd(words ...string) builder {
	b := builder{args: getPacked()}
	return b.strs(words...)
}

func script(words ...string) builder {
	b := cmd(words...)
	b.halfway = true
	return b
}

func (b builder) str(s string) builder {
	b.args.appendString(s)
	return b
}

func (b builder) strs(all ...string) builder {
	for _, s := range all {
		b.args.appendString(s)
	}
	return b
}

// when adds words only if the condition holds.
func (b builder) when(condition bool, words ...string) builder {
	if condition {
		return b.strs(words...)
	}
	return b
}

func (b builder) int(n int64) builder {
	b.args.appendInt(n)
	return b
}

func (b builder) float(f float64) builder {
	b.args.appendFloat(f, 64)
	return b
}

func (b builder) value(v any) builder {
	if err := b.args.append(v); err != nil && b.err == nil {
		b.err = usageError("argument %d: %v", len(b.args.lengths), err)
	}
	return b
}

func (b builder) values(all ...any) builder {
	for _, v := range all {
		b = b.value(v)
	}
	return b
}

// pairs adds names and values in turn, of which what must not be missing.
func (b builder) pairs(what string, all []any) builder {
	if len(all) == 0 || len(all)%2 != 0 {
		return b.fail("%s: want one or more pairs, got %d arguments", what, len(all))
	}
	return b.values(all...)
}

// keys adds how many keys there are, and the keys.
func (b builder) keys(all []string) builder { return b.int(int64(len(all))).strs(all...) }

func (b builder) fail(format string, args ...any) builder {
	if b.err == nil {
		b.err = usageError(format, args...)
	}
	return b
}

// millis adds a time in milliseconds, rounded up.
func (b builder) millis(what string, d time.Duration) builder {
	if d < 0 {
		return b.fail("%s: the time is negative: %v", what, d)
	}
	return b.int(roundUp(d, time.Millisecond))
}

// wait adds how long a command waits at the server, in seconds; 0 is for ever.
func (b builder) wait(what string, d time.Duration) builder {
	if d < 0 {
		return b.fail("%s: the time is negative: %v", what, d)
	}
	ms := roundUp(d, time.Millisecond)
	return b.str(strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64))
}

// run sends a request and reads its reply.
func run[T any](ctx context.Context, c *Client, options CommandOptions, r request[T]) (T, error) {
	reply, several, err := c.issue(ctx, options, r.builder)
	if err == nil && reply.buffered {
		err = ErrBuffered
	}
	if err != nil {
		var none T
		return none, err
	}
	if several.reply != nil {
		if r.take != nil {
			if taken, ok := r.take(several); ok {
				return taken, nil
			}
		}
		reply.Value = several.value()
	}
	return r.read(reply.Value)
}

// runNone is run for what has no value: that it was buffered is success.
func runNone(ctx context.Context, c *Client, options CommandOptions, r request[None]) error {
	reply, several, err := c.issue(ctx, options, r.builder)
	if err != nil || reply.buffered {
		return err
	}
	if several.reply != nil {
		reply.Value = several.value()
	}
	_, err = r.read(reply.Value)
	return err
}

func (c *Client) issue(ctx context.Context, options CommandOptions, b builder) (Reply, aggregate, error) {
	defer putPacked(b.args)
	if b.err != nil {
		return Reply{}, aggregate{}, b.err
	}
	return c.do(ctx, options, b.args)
}

// Caller is a client with options for each of its commands.
type Caller struct {
	client  *Client
	options CommandOptions
}

// With gives the client's commands with options, such as to have a write wait through an outage for its value.
func (c *Client) With(options CommandOptions) Caller { return Caller{c, options} }

// Do is Client.Do with the options.
func (c Caller) Do(ctx context.Context, args ...any) (Reply, error) {
	return c.client.DoWith(ctx, c.options, args...)
}

// How replies are read, beside the methods of Value.

// done reads OK, or another status that says no more.
func done(v Value) (None, error) {
	switch v.content().kind {
	case KindStatus, KindString, KindInteger:
		return None{}, nil
	}
	return None{}, v.mismatch("a status")
}

func asValue(v Value) (Value, error) { return v, nil }

// values reads the elements as they are.
func values(v Value) ([]Value, error) { return v.Slice() }

// happened reads what is done or not: OK or nil, 1 or 0.
func happened(v Value) (bool, error) {
	if v.IsNil() {
		return false, nil
	}
	return v.Bool()
}

// orEmpty reads nil as no elements.
func orEmpty[T any](read func(Value) ([]T, error)) func(Value) ([]T, error) {
	return func(v Value) ([]T, error) {
		if v.IsNil() {
			return nil, nil
		}
		return read(v)
	}
}
