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

// Script is a script in Lua. Its source goes along whenever it is run, so that it runs whatever the server remembers.
type Script struct {
	source string
	ptr    *C.rr_script // for pipelines and transactions
	err    error
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

// NewScript makes a script of its source, at which nobody looks: a mistake in it is the server's to find.
func NewScript(source string) *Script {
	s := &Script{source: source}
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
	if err := s.usable(); err != nil {
		return Reply{}, err
	}
	name := "EVAL"
	if options.ReadOnly {
		name = "EVAL_RO"
	}
	b := cmd(name).str(s.source).keys(keys).values(args...)
	reply, several, err := c.issue(ctx, CommandOptions{Timeout: options.Timeout, NoBuffer: options.NoBuffer, NoRetry: options.NoRetry}, b)
	if several.reply != nil {
		reply.Value = several.value()
	}
	return reply, err
}

func (s *Script) usable() error {
	if s == nil || s.ptr == nil && s.err == nil {
		return usageError("a Script is made by NewScript")
	}
	return s.err
}

// Queue adds it to a pipeline or to what a transaction executes.
func (s *Script) Queue(p *Pipeline, keys []string, args ...any) *Result[Value] {
	b := cmd().strs(keys...).values(args...)
	if err := s.usable(); err != nil {
		b.err = err
	}
	result := &Result[Value]{err: ErrNotExecuted, read: asValue, halfway: true}
	p.commands.add(b, s, len(keys), result)
	return result
}
