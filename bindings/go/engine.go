package rr

// The engine: commands on their way. Owns the completion queue, the goroutine that takes from it, and the calls that wait.
//
// Submitting is one crossing into C and never waits for the network. One goroutine takes completions in batches, on one
// thread, and wakes those that wait; so ten thousand goroutines that wait are ten thousand goroutines, not threads.

/*
#cgo noescape rrgo_submit
#cgo nocallback rrgo_submit
#cgo noescape rrgo_next
#cgo nocallback rrgo_next
#include "shim.h"
*/
import "C"

import (
	"context"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// call is a command on its way. It is used again and again, under the same tag.
type call struct {
	tag   uint64
	ready chan struct{}
	// Written by the engine's goroutine before it signals ready.
	value     Value
	aggregate *C.rr_reply
	failure   *C.rr_error
	status    C.rr_status
}

const chunkSize = 1024

type engine struct {
	queue *C.rr_queue
	done  chan struct{}

	// How many calls may be on their way, and whether a full buffer is waited for.
	most   int
	blocks bool
	// A place for each thread of the system that may wait for room in C.
	waits chan struct{}

	mu    sync.Mutex
	taken int
	free  []*call
	// Who waits for a call, in turn.
	waiting []chan *call
	// The calls by their tags, in chunks that never move.
	chunks atomic.Pointer[[]*[chunkSize]call]
}

func newEngine(config *Config, waits chan struct{}) (*engine, error) {
	e := &engine{done: make(chan struct{}), waits: waits}
	if err := e.configure(config); err != nil {
		return nil, err
	}
	e.chunks.Store(new([]*[chunkSize]call))
	var err *C.rr_error
	if status := C.rr_queue_new(&e.queue, &err); status < 0 {
		return nil, newError(status, err)
	}
	go e.run()
	return e, nil
}

// configure takes over what the client's options say of how much may be on its way.
func (e *engine) configure(config *Config) error {
	overflow, err := config.Get("buffer_overflow")
	if err != nil {
		return err
	}
	e.blocks = overflow == "block"
	for _, name := range []string{"max_submitted", "max_in_flight"} {
		text, err := config.Get(name)
		if err != nil {
			return err
		}
		most, err := strconv.Atoi(text)
		if err != nil {
			return &Error{Status: StatusConfig, Message: name + " is no number: " + text}
		}
		if e.most == 0 || most < e.most {
			e.most = most
		}
	}
	return nil
}

// run takes completions until the queue is freed.
func (e *engine) run() {
	defer close(e.done)
	batch := C.rrgo_batch_new()
	defer C.rrgo_batch_free(batch)
	for {
		count := C.rrgo_next(e.queue, batch, math.MaxInt64)
		if count < 0 {
			return
		}
		told := batch.told[:count]
		for i := range told {
			e.complete(&told[i])
		}
		// Those that were woken run now, on this thread's processor, and what they submit next goes out together.
		runtime.Gosched()
	}
}

func (e *engine) complete(told *C.struct_rrgo_completion) {
	c := e.call(uint64(told.tag))
	c.status, c.failure, c.aggregate = told.status, told.error, told.reply
	if told.status == C.RR_OK && told.reply == nil {
		c.value.kind = Kind(told._type)
		switch c.value.kind {
		case KindInteger, KindBoolean:
			c.value.number = int64(told.integer)
		case KindDouble:
			c.value.number = int64(math.Float64bits(float64(told.real)))
		case KindStatus, KindString:
			c.value.text = copyString(told.string, told.length)
		}
	}
	c.ready <- struct{}{}
}

func (e *engine) call(tag uint64) *call {
	return &(*e.chunks.Load())[tag/chunkSize][tag%chunkSize]
}

// acquire gives a call that nobody uses, waiting for one while as many as may be are on their way.
func (e *engine) acquire(ctx context.Context) (*call, error) {
	e.mu.Lock()
	if e.taken < e.most {
		e.taken++
		c := e.take()
		e.mu.Unlock()
		return c, nil
	}
	turn := make(chan *call, 1)
	e.waiting = append(e.waiting, turn)
	e.mu.Unlock()
	select {
	case c := <-turn:
		return c, nil
	case <-ctx.Done():
	}
	e.mu.Lock()
	place := slices.Index(e.waiting, turn)
	if place >= 0 {
		e.waiting = slices.Delete(e.waiting, place, place+1)
	}
	e.mu.Unlock()
	if place < 0 {
		// Its turn has come meanwhile.
		e.release(<-turn)
	}
	return nil, contextError(ctx.Err())
}

// take gives a call that nobody uses, with the lock held.
func (e *engine) take() *call {
	if n := len(e.free); n > 0 {
		c := e.free[n-1]
		e.free = e.free[:n-1]
		return c
	}
	chunks := *e.chunks.Load()
	chunk := new([chunkSize]call)
	for i := range chunk {
		chunk[i] = call{tag: uint64(len(chunks)*chunkSize + i), ready: make(chan struct{}, 1)}
		if i > 0 {
			e.free = append(e.free, &chunk[i])
		}
	}
	grown := append(chunks[:len(chunks):len(chunks)], chunk)
	e.chunks.Store(&grown)
	return &chunk[0]
}

func (e *engine) release(c *call) {
	c.value, c.aggregate, c.failure = Value{}, nil, nil
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) > 0 {
		e.waiting[0] <- c
		e.waiting = e.waiting[1:]
		return
	}
	e.taken--
	e.free = append(e.free, c)
}

// roundTrip submits a command and waits for what becomes of it, or for the end of the context. A reply of several values is left
// to be taken as is best.
func (e *engine) roundTrip(ctx context.Context, client *C.rr_client, flags C.uint32_t, timeout time.Duration, p *packed) (reply Reply, several aggregate, err error) {
	limit, err := timeLimit(ctx, timeout)
	if err != nil {
		return reply, several, err
	}
	c, err := e.acquire(ctx)
	if err != nil {
		return reply, several, err
	}
	defer e.release(c)
	argc, bytes, lengths := p.pointers()
	flags |= C.RR_SUBMIT_UNTIL_BUFFERED
	var id C.uint64_t
	var failure *C.rr_error
	status := C.rrgo_submit(client, e.queue, C.uint64_t(c.tag), flags, limit, argc, bytes, lengths, &id, &failure)
	if e.needsRoom(status) {
		C.rr_error_free(failure)
		if err := e.enter(ctx); err != nil {
			return reply, several, err
		}
		flags |= C.RR_SUBMIT_WAIT
		status = C.rrgo_submit(client, e.queue, C.uint64_t(c.tag), flags, limit, argc, bytes, lengths, &id, &failure)
		e.leave()
	}
	if status < 0 {
		return reply, several, newError(status, failure)
	}
	c.wait(ctx, client, id)
	switch {
	case c.status < 0:
		err = because(ctx, newError(c.status, c.failure))
	case c.status == C.RR_BUFFERED:
		reply.buffered = true
	case c.aggregate != nil:
		several = aggregate{c.aggregate}
	default:
		reply.Value = c.value
	}
	return reply, several, err
}

// wait waits until the call is complete. When the context ends before, it is given up, and completes at once: as cancelled, or as
// what it was by then.
func (c *call) wait(ctx context.Context, client *C.rr_client, id C.uint64_t) {
	done := ctx.Done()
	if done == nil {
		<-c.ready
		return
	}
	select {
	case <-c.ready:
	case <-done:
		C.rr_cancel(client, id, nil)
		<-c.ready
	}
}

// needsRoom tells whether something was not taken that is if it waits: on a thread of the system, of which there are few.
func (e *engine) needsRoom(status C.rr_status) bool {
	return status == C.RR_ERR_WOULD_BLOCK || (status == C.RR_ERR_BUFFER_FULL && e.blocks)
}

// enter takes a place for a thread that waits in C, until leave.
func (e *engine) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return contextError(err)
	}
	select {
	case e.waits <- struct{}{}:
		return nil
	case <-ctx.Done():
		return contextError(ctx.Err())
	}
}

func (e *engine) leave() { <-e.waits }

// timeLimit is the time that a call has, in milliseconds; 0 for that of the configuration.
func timeLimit(ctx context.Context, timeout time.Duration) (C.int64_t, error) {
	if timeout < 0 {
		return 0, usageError("the timeout is negative: %v", timeout)
	}
	deadline, ok := ctx.Deadline()
	if ok {
		left := time.Until(deadline)
		if left <= 0 {
			return 0, contextError(context.DeadlineExceeded)
		}
		if timeout == 0 || left < timeout {
			timeout = left
		}
	}
	if err := ctx.Err(); err != nil {
		return 0, contextError(err)
	}
	return C.int64_t((timeout + time.Millisecond - 1) / time.Millisecond), nil
}

// close ends the goroutine; no call is on its way any more.
func (e *engine) close() {
	C.rr_queue_close(e.queue, nil)
	<-e.done
	C.rr_queue_free(e.queue)
}
