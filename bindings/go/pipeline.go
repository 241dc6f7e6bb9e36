package rr

// Pipelines: commands that are sent together, and their results. A Pipeline belongs to one goroutine at a time.

// #include "crossings.h"
import "C"

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// ErrNotExecuted is what a Result has before its pipeline was executed.
var ErrNotExecuted = errors.New("rr: the pipeline has not been executed")

// PipelineOptions is how a pipeline is executed.
type PipelineOptions struct {
	// Timeout is how long one execution may take; 0 is the option command_timeout_ms. The context's deadline counts, too.
	Timeout time.Duration
	// Atomic makes it a transaction: all or nothing, and nothing of other clients in between.
	Atomic bool
	// NoBuffer makes it wait through an outage for its replies instead of being buffered.
	NoBuffer bool
	// NoRetry makes that no command of it is written a second time.
	NoRetry bool
	// FromPrimary has the primary answer it, also if all of it only reads and read_from is replica; see WithReadFromReplica.
	FromPrimary bool
}

func (o PipelineOptions) flags() (flags C.uint32_t) {
	if o.Atomic {
		flags |= C.RR_PIPELINE_ATOMIC
	}
	if o.NoBuffer {
		flags |= C.RR_PIPELINE_NO_BUFFER
	}
	if o.NoRetry {
		flags |= C.RR_PIPELINE_NO_RETRY
	}
	if o.FromPrimary {
		flags |= C.RR_PIPELINE_FROM_PRIMARY
	}
	return flags
}

// Pipeline collects commands. Its methods return results that are there after Exec.
type Pipeline struct {
	client   *Client
	tx       *Tx // in place of the client
	options  PipelineOptions
	commands batchOfCommands
	buffered bool
}

// batchOfCommands is what one execution sends.
type batchOfCommands struct {
	packed
	argcs   []C.size_t
	results []settler
	// With any script: one for each command, nil for those that are none, and how many of its arguments are keys.
	scripts   []*Script
	handles   []*C.rr_script
	keyCounts []C.size_t
	err       error
}

// Room for commands that was used before: what is submitted is copied.
var commandPool sync.Pool

// A batch with more bytes of arguments, or more commands, is not kept for the next.
const (
	keepBatchBytes    = 64 << 10
	keepBatchCommands = 1 << 10
)

// prepare takes room for the first command.
func (c *batchOfCommands) prepare() {
	if room, ok := commandPool.Get().(*batchOfCommands); ok {
		c.packed, c.argcs, c.results = room.packed, room.argcs, room.results
	}
}

// giveBack has the next batch use its room. Nobody reads it any more.
func (c *batchOfCommands) giveBack() {
	if cap(c.bytes) > keepBatchBytes || cap(c.argcs) > keepBatchCommands || cap(c.argcs) == 0 {
		return
	}
	clear(c.results)
	commandPool.Put(&batchOfCommands{
		packed: packed{bytes: c.bytes[:0], lengths: c.lengths[:0]}, argcs: c.argcs[:0], results: c.results[:0],
	})
}

// Pipeline makes an empty pipeline.
func (c *Client) Pipeline() *Pipeline { return &Pipeline{client: c} }

// PipelineWith makes an empty pipeline with options.
func (c *Client) PipelineWith(options PipelineOptions) *Pipeline {
	return &Pipeline{client: c, options: options}
}

// TxPipeline makes an empty pipeline that is executed all or nothing.
func (c *Client) TxPipeline() *Pipeline { return c.PipelineWith(PipelineOptions{Atomic: true}) }

// Pipelined has fn fill a pipeline and executes it: see Pipeline.Exec. When fn fails nothing is sent.
func (c *Client) Pipelined(ctx context.Context, fn func(p *Pipeline) error) ([]Value, error) {
	return c.Pipeline().filledBy(ctx, fn)
}

// TxPipelined has fn fill a pipeline and executes it all or nothing, with nothing of other clients in between.
func (c *Client) TxPipelined(ctx context.Context, fn func(p *Pipeline) error) ([]Value, error) {
	return c.TxPipeline().filledBy(ctx, fn)
}

func (p *Pipeline) filledBy(ctx context.Context, fn func(p *Pipeline) error) ([]Value, error) {
	if err := fn(p); err != nil {
		p.Discard()
		p.forget()
		return nil, err
	}
	return p.Exec(ctx)
}

// forget ends what is watched, if it is a transaction's: nothing is after an execution, whatever came of that.
func (p *Pipeline) forget() {
	if p.tx != nil {
		p.tx.Unwatch()
	}
}

// Len tells how many commands wait to be executed.
func (p *Pipeline) Len() int { return len(p.commands.argcs) }

// Discard forgets the commands that wait to be executed. Their results have ErrNotExecuted.
func (p *Pipeline) Discard() { p.commands = batchOfCommands{} }

// Do adds a command, its name first.
func (p *Pipeline) Do(args ...any) *Result[Value] {
	b := cmd().values(args...)
	if len(args) == 0 {
		b = b.fail("a command without a name")
	}
	// What it is is not known here, and it may be one that fails half-way.
	b.halfway = true
	return add(p, ask(b, asValue))
}

// add takes over a request.
func add[T any](p *Pipeline, r request[T]) *Result[T] {
	result := &Result[T]{err: ErrNotExecuted, read: r.read, halfway: r.halfway}
	p.commands.add(r.builder, nil, 0, result)
	return result
}

func (c *batchOfCommands) add(b builder, script *Script, keyCount int, result settler) {
	if b.err != nil && c.err == nil {
		c.err = b.err
	}
	if len(c.argcs) == 0 {
		c.prepare()
	}
	c.bytes = append(c.bytes, b.args.bytes...)
	c.lengths = append(c.lengths, b.args.lengths...)
	c.argcs = append(c.argcs, C.size_t(len(b.args.lengths)))
	putPacked(b.args)
	c.results = append(c.results, result)
	if script == nil && c.scripts == nil {
		return
	}
	for len(c.scripts) < len(c.argcs)-1 {
		c.scripts, c.handles, c.keyCounts = append(c.scripts, nil), append(c.handles, nil), append(c.keyCounts, 0)
	}
	var handle *C.rr_script
	if script != nil {
		handle = script.ptr
	}
	c.scripts, c.handles, c.keyCounts = append(c.scripts, script), append(c.handles, handle), append(c.keyCounts, C.size_t(keyCount))
}

// pointers gives what C wants of the commands.
func (c *batchOfCommands) pointers() (count C.size_t, argcs *C.size_t, bytes unsafe.Pointer, lengths *C.size_t, scripts **C.rr_script, keyCounts *C.size_t) {
	return C.size_t(len(c.argcs)), unsafe.SliceData(c.argcs), unsafe.Pointer(unsafe.SliceData(c.bytes)), unsafe.SliceData(c.lengths),
		unsafe.SliceData(c.handles), unsafe.SliceData(c.keyCounts)
}

// Exec sends the commands and waits for all replies: one value for each, in order, in which a command that the server refused is
// an error (Value.Err). Their results have them, too. The pipeline is empty afterwards and can be filled again.
//
// During an outage a pipeline of writes is buffered as one unit: there are no values and no error, Buffered is true, and results
// have ErrBuffered (those without a value: nil).
//
// An error means that not all were answered. If some were, there are values beside it, and the results of the others have the
// error with what became of them. When the context ends Exec returns at once.
func (p *Pipeline) Exec(ctx context.Context) ([]Value, error) {
	commands := p.commands
	p.Discard()
	p.buffered = false
	if commands.err != nil {
		commands.fail(commands.err)
		p.forget()
		return nil, commands.err
	}
	if len(commands.argcs) == 0 && p.tx == nil {
		return nil, nil
	}
	var got answer
	var err error
	if p.tx != nil {
		if got, err = p.tx.execute(ctx, &commands); err != nil && !errors.Is(err, ErrBusy) {
			p.forget()
		}
	} else {
		// A transaction may still be reading its commands when it was given up; a pipeline has copied them.
		defer commands.giveBack()
		got, err = p.execute(ctx, &commands)
	}
	if err != nil {
		commands.fail(err)
		return nil, err
	}
	return p.settle(ctx, got, &commands)
}

func (p *Pipeline) execute(ctx context.Context, commands *batchOfCommands) (answer, error) {
	client := p.client
	b, err := newBudget(ctx, p.options.Timeout, client.engine.standard)
	if err != nil {
		return answer{}, err
	}
	ptr, err := client.borrow()
	if err != nil {
		return answer{}, err
	}
	defer client.release()
	defer runtime.KeepAlive(client)
	return client.engine.pipelineTrip(&b, ptr, p.options.flags(), commands)
}

// pipelineTrip submits commands as a pipeline and waits for what becomes of them, or for the end of the context. It holds no
// thread of the system meanwhile.
func (e *engine) pipelineTrip(b *budget, client *C.rr_client, flags C.uint32_t, commands *batchOfCommands) (answer, error) {
	c, err := e.acquire(b)
	if err != nil {
		return answer{}, err
	}
	defer e.release(c)
	var id C.uint64_t
	count, argcs, bytes, lengths, scripts, keyCounts := commands.pointers()
	err = e.submit(b, func(limit C.int64_t) (status C.rr_status, failure *C.rr_error) {
		status = C.rrgo_pipeline_submit(client, e.queue, C.uint64_t(c.tag), limit, flags, count, argcs, bytes, lengths, scripts, keyCounts, &id, &failure)
		return status, failure
	})
	// The handles of scripts are read until here.
	runtime.KeepAlive(commands)
	if err != nil {
		return answer{}, err
	}
	c.wait(b.ctx, client, id)
	return answer{status: c.status, reply: c.aggregate, err: c.failure}, nil
}

// settle hands the replies to their results.
func (p *Pipeline) settle(ctx context.Context, got answer, commands *batchOfCommands) ([]Value, error) {
	failed := got.failure()
	var message string
	if failed != nil {
		message = failed.Message
		because(ctx, failed)
		if got.reply == nil {
			commands.fail(failed)
			return nil, failed
		}
	}
	if got.status == C.RR_BUFFERED {
		p.buffered = true
		for _, result := range commands.results {
			result.buffer()
		}
		return nil, nil
	}
	replies, err := takeReply(got.reply).Slice()
	if err == nil && len(replies) != len(commands.results) {
		err = ErrUnexpectedType
	}
	if err != nil {
		commands.fail(err)
		return nil, err
	}
	if failed != nil {
		markMissing(replies, message)
	}
	for i, result := range commands.results {
		result.settle(replies[i], failed)
	}
	if failed != nil {
		return replies, failed
	}
	return replies, nil
}

// markMissing marks the values that stand, at the end, for replies that did not come: the library made them of the failure's message.
func markMissing(replies []Value, message string) {
	for i := len(replies) - 1; i >= 0; i-- {
		v := &replies[i]
		outcome := OutcomeNone
		switch {
		case v.kind != KindError:
		case v.text == "NOTAPPLIED "+message:
			outcome = OutcomeNotApplied
		case v.text == "UNKNOWN "+message:
			outcome = OutcomeUnknown
		}
		if outcome == OutcomeNone {
			return
		}
		v.number, v.text = int64(outcome), message
	}
}

func (c *batchOfCommands) fail(err error) {
	for _, result := range c.results {
		result.fail(err)
	}
}

// Buffered tells whether the last execution was buffered.
func (p *Pipeline) Buffered() bool { return p.buffered }

// settler is a Result of any type.
type settler interface {
	settle(v Value, whole *Error)
	fail(err error)
	buffer()
}

// Result is what one command of a pipeline gives, once that was executed.
type Result[T any] struct {
	value   T
	err     error
	read    func(Value) (T, error)
	halfway bool
}

// Val gives the value; the zero value of its type if there is none.
func (r *Result[T]) Val() T { return r.value }

// Err tells why there is no value: ErrNotExecuted before Exec, ErrBuffered when it is applied later, ErrNil, an error of the
// server, or that of the pipeline with what became of this command.
func (r *Result[T]) Err() error { return r.err }

// Result gives both.
func (r *Result[T]) Result() (T, error) { return r.value, r.err }

func (r *Result[T]) fail(err error) { r.err = err }

func (r *Result[T]) buffer() {
	r.err = ErrBuffered
	if _, none := any(r.value).(None); none {
		r.err = nil
	}
}

func (r *Result[T]) settle(v Value, whole *Error) {
	if v.content().kind != KindError {
		r.value, r.err = r.read(v)
		return
	}
	failed := v.content().error()
	switch {
	case failed.Status == StatusServer:
		failed.Outcome = OutcomeNotApplied
		if r.halfway {
			failed.Outcome = OutcomeUnknown
		}
	case whole != nil:
		of := *whole
		of.Outcome = failed.Outcome
		failed = &of
	}
	r.err = failed
}
