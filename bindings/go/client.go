package rr

// The client: a connection to Redis that comes back, for all goroutines of a program. Owns the handle of C and when it ends.

// #include <resilient_redis.h>
import "C"

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Client is a connection to Redis that comes back, and what waits for it.
//
// One client for a whole program is the way to use it: any number of goroutines may call any method at any time, and share
// its connection. End it with [Client.Close].
type Client struct {
	*handle
	net runtime.Cleanup
}

// handle is what a client owns, apart from it: so that a client that is forgotten can be collected.
type handle struct {
	ptr    *C.rr_client
	engine *engine
	hooks  *hooks
	// A place for each thread of the system that a call which waits in C may hold.
	waits chan struct{}

	mu     sync.RWMutex
	closed bool
	// Calls into C that are running; they end when the client is closed.
	calls sync.WaitGroup
}

// CommandOptions is how one command differs from the client's settings.
type CommandOptions struct {
	// Timeout is how long it may take; 0 is the option command_timeout_ms. The context's deadline counts, too.
	Timeout time.Duration
	// NoBuffer makes a write wait through an outage for its reply instead of being buffered.
	NoBuffer bool
	// NoRetry makes that it is never written a second time.
	NoRetry bool
	// FromPrimary has the primary answer it, also if it only reads and read_from is replica.
	FromPrimary bool
}

func (o CommandOptions) flags() (flags C.uint32_t) {
	if o.NoBuffer {
		flags |= C.RR_COMMAND_NO_BUFFER
	}
	if o.NoRetry {
		flags |= C.RR_COMMAND_NO_RETRY
	}
	if o.FromPrimary {
		flags |= C.RR_COMMAND_FROM_PRIMARY
	}
	return flags
}

// Open makes a client from a URL: redis://user:password@host:port/db, rediss:// for TLS, or unix:///path, with options by
// name after a question mark. It returns at once; the server may be down.
func Open(url string, options ...Option) (*Client, error) {
	config, err := ConfigFromURL(url, options...)
	if err != nil {
		return nil, err
	}
	return OpenConfig(config)
}

// OpenConfig makes a client as config says. The config can be changed, and used for more clients, afterwards.
func OpenConfig(config *Config) (*Client, error) {
	if err := checkVersion(); err != nil {
		return nil, err
	}
	ptr, hooks, err := config.newClient()
	if err != nil {
		return nil, err
	}
	waits := make(chan struct{}, hooks.maxWaits)
	engine, failed := newEngine(config, waits)
	if failed != nil {
		C.rr_client_free(ptr)
		hooks.end()
		return nil, failed
	}
	h := &handle{ptr: ptr, engine: engine, hooks: hooks, waits: waits}
	c := &Client{handle: h}
	// A net only, for a client that was forgotten.
	c.net = runtime.AddCleanup(c, func(h *handle) { go h.close(0) }, h)
	return c, nil
}

// borrow gives the handle for a call into C, until release. It fails when the client is closed.
func (h *handle) borrow() (*C.rr_client, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return nil, closedError()
	}
	h.calls.Add(1)
	return h.ptr, nil
}

func (h *handle) release() {
	h.calls.Done()
}

// Do issues a command, its name first, and waits for its reply.
//
// Arguments are strings, byte slices, numbers, bools (1 and 0) and encoding.BinaryMarshaler. During an outage a write is
// buffered: the reply says so ([Reply.Buffered]) and the error is nil. Every error is an [*Error] that says what became of the
// command.
func (c *Client) Do(ctx context.Context, args ...any) (Reply, error) {
	return c.DoWith(ctx, CommandOptions{}, args...)
}

// DoWith is Do with options.
func (c *Client) DoWith(ctx context.Context, options CommandOptions, args ...any) (Reply, error) {
	p, err := packArgs(args)
	if err != nil {
		return Reply{}, err
	}
	reply, several, err := c.do(ctx, options, p)
	putPacked(p)
	if several.reply != nil {
		reply.Value = several.value()
	}
	return reply, err
}

// do sends a command. A reply of several values is left to be taken as is best.
func (c *Client) do(ctx context.Context, options CommandOptions, p *packed) (reply Reply, several aggregate, err error) {
	ptr, err := c.borrow()
	if err != nil {
		return reply, several, err
	}
	reply, several, err = c.engine.roundTrip(ctx, ptr, options.flags(), options.Timeout, p)
	c.release()
	runtime.KeepAlive(c)
	if failed, ok := err.(*Error); ok && failed.Status == StatusUnsupported {
		// It changes the connection, or is refused there, too.
		reply, err = c.doAlone(ctx, options, p)
	}
	return reply, several, err
}

// CloseReport is what Close left behind.
type CloseReport struct {
	Drained uint64 // buffered commands that were sent while closing
	Lost    uint64 // buffered commands that could not be sent: they are lost with the client
	Unknown uint64 // buffered commands that were written but not answered: they may have run
	Failed  uint64 // commands that were left in the failed list
}

// Close stops taking commands, waits up to five seconds for those that are buffered or on their way, and disconnects.
// Calling it again does nothing.
func (c *Client) Close() error {
	_, err := c.CloseWithin(5 * time.Second)
	return err
}

// CloseWithin is Close with a time of its own, and tells what was left behind.
func (c *Client) CloseWithin(drain time.Duration) (CloseReport, error) {
	if drain < 0 {
		return CloseReport{}, usageError("the time to close is negative: %v", drain)
	}
	c.net.Stop()
	return c.close(drain)
}

func (h *handle) close(drain time.Duration) (CloseReport, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return CloseReport{}, nil
	}
	h.closed = true
	h.mu.Unlock()
	// Functions of the program that wait for something return.
	h.hooks.end()
	report := C.rr_close_report{struct_size: C.sizeof_rr_close_report}
	var failure *C.rr_error
	status := C.rr_client_close(h.ptr, C.int64_t(drain.Milliseconds()), &report, &failure)
	// Everything that waited has ended, or does so now.
	h.calls.Wait()
	h.engine.close()
	C.rr_client_free(h.ptr)
	if status < 0 {
		return CloseReport{}, newError(status, failure)
	}
	return CloseReport{
		Drained: uint64(report.drained), Lost: uint64(report.lost), Unknown: uint64(report.unknown), Failed: uint64(report.failed),
	}, nil
}
