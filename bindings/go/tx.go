package rr

// Transactions that watch keys: read, decide, and execute only if what was read still holds.

// #include "crossings.h"
import "C"

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"
)

// TxFailedErr is ErrConflict, under the name that users of go-redis know.
var TxFailedErr = ErrConflict

// TxOptions is how a transaction is executed.
type TxOptions struct {
	// Timeout is how long each call on it may take; 0 is the option command_timeout_ms. The time until the deadline of Watch's context, when
	// that began, counts if it is shorter. Watch itself waits for its connection until the deadline, if Timeout is 0.
	Timeout time.Duration
	// NoRetry makes that it is never written a second time. With watched keys it never is.
	NoRetry bool
}

func (o TxOptions) flags() (flags C.uint32_t) {
	if o.NoRetry {
		flags |= C.RR_TRANSACTION_NO_RETRY
	}
	return flags
}

// Tx watches keys, on a connection of its own. It belongs to one goroutine at a time (ErrBusy) and ends with the function that it
// was given to.
type Tx struct {
	client  *Client
	timeout time.Duration // of TxOptions
	mu      sync.Mutex
	ptr     *C.rr_transaction // nil when it is over
}

// Watch watches keys and calls fn, which reads with tx and executes with tx.TxPipelined: that fails with ErrConflict, and nothing
// was applied, if a key was changed since, or the connection that watches was lost. Watch returns what fn returns.
//
//	err := client.Watch(ctx, func(tx *rr.Tx) error {
//		n, err := tx.Get(ctx, "counter")
//		...
//		_, err = tx.TxPipelined(ctx, func(p *rr.Pipeline) error {
//			p.Set("counter", next, 0)
//			return nil
//		})
//		return err
//	}, "counter")
func (c *Client) Watch(ctx context.Context, fn func(tx *Tx) error, keys ...string) error {
	return c.WatchWith(ctx, TxOptions{}, fn, keys...)
}

// WatchWith is Watch with options.
func (c *Client) WatchWith(ctx context.Context, options TxOptions, fn func(tx *Tx) error, keys ...string) error {
	tx, err := c.newTx(ctx, options, keys)
	if err != nil {
		return err
	}
	defer tx.end()
	return fn(tx)
}

// Transact is Watch that begins anew after a conflict, with fresh reads and after a pause of some milliseconds, until fn succeeds,
// fails with something else than ErrConflict, or was called `attempts` times.
func (c *Client) Transact(ctx context.Context, attempts int, fn func(tx *Tx) error, keys ...string) error {
	if attempts < 1 {
		return usageError("the number of attempts is %d", attempts)
	}
	for made := 1; ; made++ {
		err := c.Watch(ctx, fn, keys...)
		if made == attempts || !errors.Is(err, ErrConflict) {
			return err
		}
		most := time.Millisecond << min(made, 5)
		pause := time.NewTimer(rand.N(most))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return contextError(ctx.Err())
		}
	}
}

// begun is a transaction, or why there is none.
type begun struct {
	answer
	ptr *C.rr_transaction
}

func (b begun) free() {
	b.answer.free()
	C.rr_transaction_free(b.ptr)
}

func (c *Client) newTx(ctx context.Context, options TxOptions, keys []string) (*Tx, error) {
	defer runtime.KeepAlive(c)
	b, err := newBudget(ctx, options.Timeout, c.engine.standard)
	if err != nil {
		return nil, err
	}
	p := packStrings(keys)
	for {
		got, _, err := waitInC(&b, c.handle, func(client *C.rr_client, limit C.int64_t) (begun begun) {
			count, bytes, lengths := p.pointers()
			begun.status = C.rrgo_transaction_new(client, limit, options.flags(), count, bytes, lengths, &begun.ptr, &begun.err)
			runtime.KeepAlive(p)
			return begun
		}, begun.free)
		if err != nil {
			// Nothing was to be applied yet.
			var failed *Error
			if errors.As(err, &failed) {
				failed.Outcome = OutcomeNotApplied
			}
			return nil, err
		}
		switch failed := got.failure(); {
		case b.again(failed):
			continue
		case failed != nil:
			return nil, because(ctx, failed)
		}
		return &Tx{client: c, timeout: options.Timeout, ptr: got.ptr}, nil
	}
}

// packStrings packs what a call will read that may go on when nobody waits for it any more: nothing pooled.
func packStrings(all []string) *packed {
	p := new(packed)
	for _, s := range all {
		p.appendString(s)
	}
	return p
}

// end forgets what is watched and frees it; the connection is kept for the next.
func (tx *Tx) end() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ptr != nil {
		C.rr_transaction_discard(tx.ptr, nil)
		C.rr_transaction_free(tx.ptr)
		tx.ptr = nil
	}
}

// wait makes a call on the transaction that waits. When the context ends first the transaction is over.
func (tx *Tx) wait(ctx context.Context, call func(*C.rr_transaction) answer) (answer, error) {
	if !tx.mu.TryLock() {
		return answer{}, &Error{Status: StatusBusy, Outcome: OutcomeNotApplied, Message: "another goroutine is using the transaction"}
	}
	defer tx.mu.Unlock()
	ptr := tx.ptr
	if ptr == nil {
		return answer{}, usageError("the transaction is over")
	}
	b, err := newBudget(ctx, tx.timeout, tx.client.engine.standard)
	if err != nil {
		return answer{}, err
	}
	got, f, err := waitInC(&b, tx.client.handle, func(*C.rr_client, C.int64_t) answer {
		return call(ptr)
	}, func(got answer) {
		got.free()
		C.rr_transaction_free(ptr)
	})
	if f == abandoned {
		tx.ptr = nil
	}
	return got, err
}

// Watch watches more keys; after the transaction was executed, the first of the next one.
func (tx *Tx) Watch(ctx context.Context, keys ...string) error {
	p := packStrings(keys)
	got, err := tx.wait(ctx, func(ptr *C.rr_transaction) (got answer) {
		count, bytes, lengths := p.pointers()
		got.status = C.rrgo_transaction_watch(ptr, count, bytes, lengths, &got.err)
		runtime.KeepAlive(p)
		return got
	})
	if err != nil {
		return err
	}
	if failed := got.failure(); failed != nil {
		return because(ctx, failed)
	}
	return nil
}

// Do sends a command at once, its name first: most often a read of what is watched. A write is possible; it is no part of what is
// executed, and makes that a conflict if its key is watched.
func (tx *Tx) Do(ctx context.Context, args ...any) (Value, error) {
	b := cmd().values(args...)
	if len(args) == 0 {
		b = b.fail("a command without a name")
	}
	return runTx(ctx, tx, ask(b, asValue))
}

func runTx[T any](ctx context.Context, tx *Tx, r request[T]) (T, error) {
	v, err := tx.issue(ctx, r.builder)
	if err != nil {
		var none T
		return none, err
	}
	return r.read(v)
}

func runTxNone(ctx context.Context, tx *Tx, r request[None]) error {
	_, err := runTx(ctx, tx, r)
	return err
}

func (tx *Tx) issue(ctx context.Context, b builder) (Value, error) {
	p := b.args
	if b.err != nil {
		putPacked(p)
		return Value{}, b.err
	}
	// Not given back to the pool: the call may go on when this has returned.
	got, err := tx.wait(ctx, func(ptr *C.rr_transaction) (got answer) {
		argc, bytes, lengths := p.pointers()
		got.status = C.rr_transaction_command_packed(ptr, argc, bytes, lengths, &got.reply, &got.err)
		runtime.KeepAlive(p)
		return got
	})
	if err != nil {
		return Value{}, err
	}
	if failed := got.failure(); failed != nil {
		return Value{}, because(ctx, failed)
	}
	return takeReply(got.reply), nil
}

// TxPipelined has fn queue commands and executes them, all or nothing, if nothing that is watched was changed: ErrConflict else,
// not applied. The values are one for each command; one that failed while it ran is an error (Value.Err). Whatever it returns,
// nothing is watched afterwards. With nothing queued it only tells whether what was read still holds.
func (tx *Tx) TxPipelined(ctx context.Context, fn func(p *Pipeline) error) ([]Value, error) {
	p := &Pipeline{tx: tx}
	return p.filledBy(ctx, fn)
}

// TxPipeline makes an empty pipeline whose Exec executes the transaction, as TxPipelined does.
func (tx *Tx) TxPipeline() *Pipeline { return &Pipeline{tx: tx} }

func (tx *Tx) execute(ctx context.Context, commands *batchOfCommands) (answer, error) {
	return tx.wait(ctx, func(ptr *C.rr_transaction) (got answer) {
		count, argcs, bytes, lengths, scripts, keyCounts := commands.pointers()
		got.status = C.rrgo_transaction_run(ptr, count, argcs, bytes, lengths, scripts, keyCounts, &got.reply, &got.err)
		runtime.KeepAlive(commands)
		return got
	})
}

// Unwatch forgets what is watched. The transaction is over then, until Watch begins it anew.
func (tx *Tx) Unwatch() error {
	if !tx.mu.TryLock() {
		return &Error{Status: StatusBusy, Message: "another goroutine is using the transaction"}
	}
	defer tx.mu.Unlock()
	if tx.ptr == nil {
		return usageError("the transaction is over")
	}
	var err *C.rr_error
	if status := C.rr_transaction_discard(tx.ptr, &err); status < 0 {
		return newError(status, err)
	}
	return nil
}
