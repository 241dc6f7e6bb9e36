package rr

// Commands that cannot be submitted: those that wait at the server (BLPOP, ...), which have a connection of their own, and those that
// change what a connection is (SELECT, AUTH, ...). They are called in C, and hold a thread of the system while they wait.

// #include "crossings.h"
import "C"

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// waitSlice is how long a command waits at the server before it is asked whether its context has ended. What it waits for stays
// where it is between two slices.
const waitSlice = 250 * time.Millisecond

// doAlone issues a command that was refused as one to submit.
func (c *Client) doAlone(ctx context.Context, options CommandOptions, p *packed) (Reply, error) {
	if at, ok := whereItWaits(p); ok && ctx.Done() != nil {
		return c.doInSlices(ctx, options, p, at)
	}
	// The call may go on when this has returned, and p be used again.
	return c.command(ctx, options, &packed{bytes: bytes.Clone(p.bytes), lengths: slices.Clone(p.lengths)})
}

// command calls rr_command with what nobody else writes.
func (c *Client) command(ctx context.Context, options CommandOptions, p *packed) (Reply, error) {
	limit, err := timeLimit(ctx, options.Timeout)
	if err != nil {
		return Reply{}, err
	}
	got, _, err := waitInC(ctx, c.handle, func(client *C.rr_client) (got answer) {
		argc, bytes, lengths := p.pointers()
		got.status = C.rrgo_command(client, limit, options.flags(), argc, bytes, lengths, &got.reply, &got.err)
		runtime.KeepAlive(p)
		return got
	}, answer.free)
	runtime.KeepAlive(c)
	if err != nil {
		return Reply{}, err
	}
	if failed := got.failure(); failed != nil {
		return Reply{}, because(ctx, failed)
	}
	if got.status == C.RR_BUFFERED {
		return Reply{buffered: true}, nil
	}
	return Reply{Value: takeReply(got.reply)}, nil
}

// doInSlices has a command wait at the server again and again for a short time, until it gives something, its own time is over, or
// the context ends. So the end of the context finds it at most a slice later, with nothing taken that nobody gets.
func (c *Client) doInSlices(ctx context.Context, options CommandOptions, p *packed, at waitPlace) (Reply, error) {
	began := time.Now()
	var last time.Time // when it fails; zero is never
	switch {
	case options.Timeout < 0:
		return Reply{}, usageError("the timeout is negative: %v", options.Timeout)
	case options.Timeout > 0:
		last = began.Add(options.Timeout)
	case at.time > 0:
		last = began.Add(at.time + c.hooks.commandTimeout)
	}
	for {
		own := waitSlice
		if at.time > 0 {
			own = max(time.Millisecond, min(own, at.time-time.Since(began)))
		}
		limit := own + waitSlice
		if !last.IsZero() {
			limit = max(time.Millisecond, min(limit, time.Until(last)))
		}
		slice := options
		slice.Timeout = limit
		// The context is looked at between two slices only: a call that goes on could take what nobody gets.
		reply, err := c.command(context.WithoutCancel(ctx), slice, at.with(p, own))
		over := at.time > 0 && time.Since(began) >= at.time
		switch {
		case err == nil && (over || at.isAnswer(reply.Value)):
			return reply, nil
		case err != nil && (!errors.Is(err, ErrTimeout) || OutcomeOf(err) != OutcomeNotApplied):
			return Reply{}, err
		case err != nil && !last.IsZero() && !time.Now().Before(last):
			return Reply{}, err
		}
		if err := ctx.Err(); err != nil {
			return Reply{}, contextError(err)
		}
	}
}

// waitPlace is where a command says how long it waits at the server.
type waitPlace struct {
	index int
	unit  time.Duration
	time  time.Duration // 0 is for ever
	// WAIT gives a number in any case, and has waited long enough when it is so large. -1 for others.
	enough int64
}

// whereItWaits finds that place; false for a command that does not wait, or not in a form that is known.
func whereItWaits(p *packed) (at waitPlace, ok bool) {
	words := p.words()
	last := len(words) - 1
	at = waitPlace{index: last, unit: time.Second, enough: -1}
	switch strings.ToUpper(words[0]) {
	case "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BZPOPMIN", "BZPOPMAX":
	case "BLMPOP", "BZMPOP":
		at.index = 1
	case "WAIT":
		at.unit = time.Millisecond
		if last != 2 {
			return at, false
		}
		wanted, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			return at, false
		}
		at.enough = max(wanted, 0)
	case "XREAD", "XREADGROUP":
		at.unit = time.Millisecond
		at.index = -1
		for i := 1; i < last && !strings.EqualFold(words[i], "STREAMS"); i++ {
			if strings.EqualFold(words[i], "BLOCK") {
				at.index = i + 1
			}
		}
	default:
		return at, false
	}
	if at.index < 1 || at.index > last {
		return at, false
	}
	number, err := strconv.ParseFloat(words[at.index], 64)
	if err != nil || !(number >= 0) || number > 1e9 {
		return at, false
	}
	at.time = time.Duration(number * float64(at.unit))
	return at, true
}

// isAnswer tells whether the command need not wait on.
func (at waitPlace) isAnswer(v Value) bool {
	if at.enough >= 0 {
		n, err := v.Int()
		return err != nil || n >= at.enough
	}
	return !v.IsNil()
}

// with is the command with another time to wait.
func (at waitPlace) with(p *packed, d time.Duration) *packed {
	other := new(packed)
	for i, word := range p.words() {
		switch {
		case i != at.index:
			other.appendString(word)
		case at.unit == time.Second:
			other.appendString(strconv.FormatFloat(float64(d.Milliseconds())/1000, 'f', -1, 64))
		default:
			other.appendInt(d.Milliseconds())
		}
	}
	return other
}

// words gives the arguments one by one.
func (p *packed) words() []string {
	words, rest := make([]string, len(p.lengths)), string(p.bytes)
	for i, length := range p.lengths {
		words[i], rest = rest[:length], rest[length:]
	}
	return words
}
