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

	// How many calls may be on their way, whether a full buffer is waited for, and how long a call may take.
	most     int
	blocks   bool
	standard time.Duration
	// A place for each command that waits at the server: C has a thread for each.
	private chan struct{}
	// A place each for the call that looks for room: to be written, and in the buffer. Others are behind it.
	toWrite, toBuffer chan struct{}

	mu    sync.Mutex
	taken int
	free  []*call
	// Who waits for a call, in turn.
	waiting []chan *call
	// The calls by their tags, in chunks that never move.
	chunks atomic.Pointer[[]*[chunkSize]call]
}

func newEngine(config *Config) (*engine, error) {
	e := &engine{done: make(chan struct{}), toWrite: make(chan struct{}, 1), toBuffer: make(chan struct{}, 1)}
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
	var numbers [4]int
	for i, name := range []string{"max_submitted", "max_in_flight", "private_max_connections", "command_timeout_ms"} {
		text, err := config.Get(name)
		if err != nil {
			return err
		}
		if numbers[i], err = strconv.Atoi(text); err != nil {
			return &Error{Status: StatusConfig, Message: name + " is no number: " + text}
		}
	}
	e.most = min(numbers[0], numbers[1])
	e.private = make(chan struct{}, numbers[2])
	e.standard = time.Duration(numbers[3]) * time.Millisecond
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
func (e *engine) acquire(b *budget) (*call, error) {
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
	passed, stop := b.await()
	defer stop()
	select {
	case c := <-turn:
		return c, nil
	case <-b.ctx.Done():
	case <-passed:
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
	return nil, b.over()
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
func (e *engine) roundTrip(b *budget, client *C.rr_client, flags C.uint32_t, p *packed) (reply Reply, several aggregate, err error) {
	if b.patient = p.waitsAtServer(); b.patient {
		if err := b.enter(e.private); err != nil {
			return reply, several, err
		}
		defer func() { <-e.private }()
	}
	c, err := e.acquire(b)
	if err != nil {
		return reply, several, err
	}
	defer e.release(c)
	argc, bytes, lengths := p.pointers()
	flags |= C.RR_SUBMIT_UNTIL_BUFFERED
	var id C.uint64_t
	err = e.submit(b, func(limit C.int64_t) (status C.rr_status, failure *C.rr_error) {
		status = C.rrgo_submit(client, e.queue, C.uint64_t(c.tag), flags, limit, argc, bytes, lengths, &id, &failure)
		return status, failure
	})
	if err != nil {
		return reply, several, err
	}
	c.wait(b.ctx, client, id)
	switch {
	case c.status < 0:
		err = because(b.ctx, newError(c.status, c.failure))
	case c.status == C.RR_BUFFERED:
		reply.buffered = true
	case c.aggregate != nil:
		several = aggregate{c.aggregate}
	default:
		reply.Value = c.value
	}
	return reply, several, err
}

// The pauses between two looks for room.
const (
	shortestPause = time.Millisecond
	longestPause  = 20 * time.Millisecond
)

// submit has something be taken by C. While there is no room for it, it is tried again, after pauses, in turn with others, as long as the
// call may take. It holds no thread of the system meanwhile.
func (e *engine) submit(b *budget, take func(limit C.int64_t) (C.rr_status, *C.rr_error)) error {
	full := &noRoomToWrite
	turns := e.toWrite
	// Who comes now is behind those that wait already.
	if len(turns) == 0 {
		limit, err := b.limit()
		if err != nil {
			return err
		}
		status, failure := take(limit)
		if turns = e.turns(status); turns == nil {
			return taken(b.ctx, status, failure)
		}
		full = newError(status, failure)
	}
	if err := b.enter(turns); err != nil {
		return b.noRoom(full)
	}
	defer func() { <-turns }()
	passed, stop := b.await()
	defer stop()
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		limit, err := b.limit()
		if err != nil {
			return b.noRoom(full)
		}
		status, failure := take(limit)
		if e.turns(status) == nil {
			return taken(b.ctx, status, failure)
		}
		full = newError(status, failure)
		rest := time.NewTimer(pause)
		select {
		case <-rest.C:
			continue
		case <-b.ctx.Done():
		case <-passed:
		}
		rest.Stop()
		return b.noRoom(full)
	}
}

var noRoomToWrite = Error{Status: StatusWouldBlock, Outcome: OutcomeNotApplied}

// taken is nil for what C took, or why it did not.
func taken(ctx context.Context, status C.rr_status, failure *C.rr_error) error {
	if status < 0 {
		return because(ctx, newError(status, failure))
	}
	return nil
}

// turns is where those wait in turn that C did not take for a lack of room; nil if it did, or for another reason.
func (e *engine) turns(status C.rr_status) chan struct{} {
	switch {
	case status == C.RR_ERR_WOULD_BLOCK:
		return e.toWrite
	case status == C.RR_ERR_BUFFER_FULL && e.blocks:
		return e.toBuffer
	}
	return nil
}

// noRoom tells that the time has passed, or the context was cancelled, while there was no room.
func (b *budget) noRoom(full *Error) *Error {
	failed := b.over()
	if full.Status == StatusBufferFull && failed.Status == StatusTimeout {
		full.cause = failed.cause
		return full
	}
	return failed
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

// close ends the goroutine; no call is on its way any more.
func (e *engine) close() {
	C.rr_queue_close(e.queue, nil)
	<-e.done
	C.rr_queue_free(e.queue)
}
