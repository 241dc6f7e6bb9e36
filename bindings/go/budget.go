package rr

// The time that one call has. What it waits for in Go counts like what it waits for in C.

// #include <resilient_redis.h>
import "C"

import (
	"context"
	"math"
	"time"
)

// budget is the time of a call: its option or its context's deadline, whichever comes first, and command_timeout_ms without either.
type budget struct {
	ctx      context.Context
	own      time.Duration // the option; 0 without
	standard time.Duration // command_timeout_ms
	// A command that waits at the server: its time begins when it is sent, and until then the context alone counts.
	patient bool
	// When it began to wait in Go; zero if it did not.
	began time.Time
}

// newBudget fails when the call may not begin.
func newBudget(ctx context.Context, own, standard time.Duration) (budget, error) {
	b := budget{ctx: ctx, own: own, standard: standard}
	if own < 0 {
		return b, usageError("the timeout is negative: %v", own)
	}
	if failed := ended(ctx); failed != nil {
		return b, failed
	}
	return b, nil
}

// ended tells that a call may not begin, because of its context.
func ended(ctx context.Context) *Error {
	if ctx == nil {
		return usageError("the context is nil: give context.Background() for one that never ends")
	}
	if err := ctx.Err(); err != nil {
		return contextError(err)
	}
	return nil
}

// whole is the call's time without the context's deadline; 0 when that alone counts.
func (b *budget) whole() time.Duration {
	if b.own > 0 {
		return b.own
	}
	if _, ok := b.ctx.Deadline(); ok {
		return 0
	}
	return b.standard
}

// left is the time that the call still has.
func (b *budget) left() time.Duration {
	left := b.whole()
	if !b.began.IsZero() {
		left -= time.Since(b.began)
	}
	if deadline, ok := b.ctx.Deadline(); ok {
		if until := time.Until(deadline); b.own == 0 || until < left {
			left = until
		}
	}
	return left
}

// limit is what is left in milliseconds, for C; 0 for what C takes without being told.
func (b *budget) limit() (C.int64_t, error) {
	_, dated := b.ctx.Deadline()
	if b.own == 0 && !dated && (b.patient || b.began.IsZero()) {
		return 0, nil
	}
	left := b.left()
	if left <= 0 {
		return 0, b.over()
	}
	return millisOf(left), nil
}

// slice is what is left, and no more than the option or command_timeout_ms: for a call that goes on in C when it was given up.
func (b *budget) slice() (C.int64_t, error) {
	left := b.left()
	if left <= 0 {
		return 0, b.over()
	}
	most := b.standard
	if b.own > 0 {
		most = b.own
	}
	return millisOf(min(left, most)), nil
}

// over tells that the time has passed before anything was sent.
func (b *budget) over() *Error {
	if err := b.ctx.Err(); err != nil {
		return contextError(err)
	}
	if deadline, ok := b.ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return contextError(context.DeadlineExceeded)
	}
	return &Error{Status: StatusTimeout, Outcome: OutcomeNotApplied, Message: "the time for the call has passed while it waited for its turn"}
}

// await begins to count, and gives what tells that the time has passed without the context's end; stop it.
func (b *budget) await() (passed <-chan time.Time, stop func()) {
	if b.patient || b.whole() == 0 {
		return nil, func() {}
	}
	if b.began.IsZero() {
		b.began = time.Now()
	}
	timer := time.NewTimer(b.whole() - time.Since(b.began))
	return timer.C, func() { timer.Stop() }
}

// enter takes a place in what has few, waiting for one as long as the call may.
func (b *budget) enter(places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	default:
	}
	passed, stop := b.await()
	defer stop()
	select {
	case places <- struct{}{}:
		return nil
	case <-b.ctx.Done():
	case <-passed:
	}
	return b.over()
}

// millisOf is a time in milliseconds, rounded up.
func millisOf(d time.Duration) C.int64_t { return C.int64_t(roundUp(d, time.Millisecond)) }

// roundUp tells how many units a time has, the last one begun.
func roundUp(d, unit time.Duration) int64 {
	whole := int64(d / unit)
	if d%unit > 0 && whole < math.MaxInt64 {
		whole++
	}
	return whole
}
