package rr

// Calls that wait in C: transactions, and the few commands that cannot be submitted. Each holds a thread of the system while it waits, so
// a client makes a bounded number of them at once.

// #include <resilient_redis.h>
import "C"

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// patience is how long a call is waited for that has got the context's deadline as its own and must be about to return: what
// it says of the outcome is better than what can be said without it.
const patience = 50 * time.Millisecond

// fate is what became of a call that was to wait in C.
type fate int

const (
	returned  fate = iota // it returned
	never                 // it was not made
	abandoned             // the context ended; it goes on, and what it returns is dropped
)

// answer is what a call in C gave, to be taken or freed once.
type answer struct {
	status C.rr_status
	reply  *C.rr_reply
	err    *C.rr_error
}

func (a answer) free() {
	C.rr_reply_free(a.reply)
	C.rr_error_free(a.err)
}

// failure takes the error, if there is one.
func (a answer) failure() *Error {
	if a.status >= 0 {
		return nil
	}
	return newError(a.status, a.err)
}

// waitInC makes a call that waits, with the client's handle and the time that it may take. When the context ends first it returns, while
// the call goes on on a goroutine of its own, up to its own time or until the client is closed; what it gives then goes to drop. The call
// may read only memory that nobody else writes or uses again.
func waitInC[T any](b *budget, h *handle, call func(client *C.rr_client, limit C.int64_t) T, drop func(T)) (given T, f fate, err error) {
	if err := b.enter(h.waits); err != nil {
		return given, never, err
	}
	limit, err := b.slice()
	if err != nil {
		h.freeSlot()
		return given, never, err
	}
	ptr, err := h.borrow()
	if err != nil {
		h.freeSlot()
		return given, never, err
	}
	over := func() {
		h.release()
		h.freeSlot()
	}
	ctx := b.ctx
	if ctx.Done() == nil {
		defer over()
		return call(ptr, limit), returned, nil
	}
	var left atomic.Bool // by one of the two: the caller, or the goroutine with its result
	done := make(chan T, 1)
	go func() {
		defer over()
		given := call(ptr, limit)
		if left.CompareAndSwap(false, true) {
			done <- given
		} else {
			drop(given)
		}
	}()
	select {
	case given = <-done:
		return given, returned, nil
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case given = <-done:
			return given, returned, nil
		case <-late.C:
		}
	}
	if !left.CompareAndSwap(false, true) {
		return <-done, returned, nil
	}
	failed := contextError(ctx.Err())
	failed.Outcome = OutcomeUnknown
	return given, abandoned, failed
}

// again tells whether a call in C has failed because it waited in vain for as long as one does, while its context's deadline, which alone
// counts, is further away.
func (b *budget) again(failed *Error) bool {
	return failed != nil && failed.Status == StatusTimeout && failed.Outcome == OutcomeNotApplied &&
		b.whole() == 0 && b.ctx.Err() == nil && b.left() > 0
}

func (h *handle) freeSlot() { <-h.waits }

// because names the context as the cause of a failure that came about by its end.
func because(ctx context.Context, failed *Error) *Error {
	if failed.cause != nil || failed.Status != StatusTimeout && failed.Status != StatusCancelled {
		return failed
	}
	cause := ctx.Err()
	if deadline, ok := ctx.Deadline(); ok && cause == nil && !time.Now().Before(deadline) {
		// C was faster than the context's own timer.
		cause = context.DeadlineExceeded
	}
	if errors.Is(cause, context.DeadlineExceeded) && failed.Status == StatusCancelled {
		failed.Status, failed.Message = StatusTimeout, "the context's deadline has passed"
	}
	failed.cause = cause
	return failed
}

// inSlices makes a call that waits for a state again and again, in slices that are short enough for the context's end to be
// noticed, until it gives another status than `more`.
func (h *handle) inSlices(ctx context.Context, more Status, call func(client *C.rr_client, slice C.int64_t) answer) error {
	for {
		if failed := ended(ctx); failed != nil {
			return noOutcome(failed)
		}
		slice := sliceOfTime
		if deadline, ok := ctx.Deadline(); ok {
			slice = max(0, min(slice, time.Until(deadline)))
		}
		got, err := h.inSlice(millisOf(slice), call)
		if err != nil {
			return err
		}
		if Status(got.status) == more {
			got.free()
			continue
		}
		if failed := got.failure(); failed != nil {
			return failed
		}
		return nil
	}
}

func (h *handle) inSlice(slice C.int64_t, call func(client *C.rr_client, slice C.int64_t) answer) (answer, error) {
	ptr, err := h.borrow()
	if err != nil {
		return answer{}, err
	}
	defer h.release()
	return call(ptr, slice), nil
}

// sliceOfTime is how long a call waits in C that must notice the end of its context, or of its object, between two calls.
const sliceOfTime = 25 * time.Millisecond
