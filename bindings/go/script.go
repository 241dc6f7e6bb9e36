package rr

// Scripts that servers run. A Script belongs to no client and never changes: any number of goroutines may use it.

// #include "crossings.h"
import "C"

import (
	"context"
	"runtime"
	"time"
	"unsafe"
)

// Script is a script in Lua. It is sent by its digest, and with its source to a server that does not know it.
type Script struct {
	ptr *C.rr_script
	err error
}

// ScriptOptions is how a script is run.
type ScriptOptions struct {
	// Timeout is how long the call may take; 0 is the option command_timeout_ms. The context's deadline counts, too.
	Timeout time.Duration
	// NoBuffer makes it wait through an outage for its reply instead of being buffered.
	NoBuffer bool
	// NoRetry makes that it is never written a second time.
	NoRetry bool
	// ReadOnly: it only reads, and the server holds it to that (from Redis 7 on). During an outage it waits as a read.
	ReadOnly bool
}

func (o ScriptOptions) flags() (flags C.uint32_t) {
	if o.NoBuffer {
		flags |= C.RR_SCRIPT_NO_BUFFER
	}
	if o.NoRetry {
		flags |= C.RR_SCRIPT_NO_RETRY
	}
	if o.ReadOnly {
		flags |= C.RR_SCRIPT_READ_ONLY
	}
	return flags
}

// NewScript makes a script of its source, at which nobody looks: a mistake in it is the server's to find.
func NewScript(source string) *Script {
	s := new(Script)
	var err *C.rr_error
	status := C.rr_script_new((*C.char)(unsafe.Pointer(unsafe.StringData(source))), C.size_t(len(source)), &s.ptr, &err)
	if status < 0 {
		s.err = newError(status, err)
		return s
	}
	// It holds memory of C only, and freeing it waits for nothing.
	runtime.AddCleanup(s, func(ptr *C.rr_script) { C.rr_script_free(ptr) }, s.ptr)
	return s
}

// Run runs it with keys (KEYS) and arguments (ARGV). During an outage it is buffered: Reply.Buffered. An error that the script ends
// with has the Outcome OutcomeUnknown: what it did before that stays.
func (s *Script) Run(ctx context.Context, c *Client, keys []string, args ...any) (Reply, error) {
	return s.RunWith(ctx, c, ScriptOptions{}, keys, args...)
}

// RunRO is Run of a script that only reads.
func (s *Script) RunRO(ctx context.Context, c *Client, keys []string, args ...any) (Reply, error) {
	return s.RunWith(ctx, c, ScriptOptions{ReadOnly: true}, keys, args...)
}

// RunWith is Run with options.
func (s *Script) RunWith(ctx context.Context, c *Client, options ScriptOptions, keys []string, args ...any) (Reply, error) {
	b := cmd().strs(keys...).values(args...)
	if s.err != nil {
		return Reply{}, s.err
	}
	if b.err != nil {
		return Reply{}, b.err
	}
	limit, err := timeLimit(ctx, options.Timeout)
	if err != nil {
		return Reply{}, err
	}
	// Not given back to the pool: the call may go on when this has returned.
	p := b.args
	got, _, err := waitInC(ctx, c.handle, func(client *C.rr_client) (got answer) {
		argc, bytes, lengths := p.pointers()
		got.status = C.rrgo_script_run(client, s.ptr, limit, options.flags(), C.size_t(len(keys)), argc, bytes, lengths, &got.reply, &got.err)
		runtime.KeepAlive(p)
		runtime.KeepAlive(s)
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

// Queue adds it to a pipeline or to what a transaction executes. Its source goes along, so that it runs in its place whatever the
// server remembers.
func (s *Script) Queue(p *Pipeline, keys []string, args ...any) *Result[Value] {
	b := cmd().strs(keys...).values(args...)
	if s.err != nil && b.err == nil {
		b.err = s.err
	}
	result := &Result[Value]{err: ErrNotExecuted, read: asValue, halfway: true}
	p.commands.add(b, s, len(keys), result)
	return result
}
