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
	// The Close that is running, or has ended; nil before.
	closing *closing
	// Calls into C that are running; they end when the client is closed.
	calls sync.WaitGroup
	gone  chan struct{} // closed when C has closed the client
	over  chan struct{} // closed when nothing is left of it

	events pendingEvents
}

// closing is what one Close does for all that are called meanwhile.
type closing struct {
	done   chan struct{}
	report CloseReport
	err    error
}

// CommandOptions is how one command differs from the client's settings.
type CommandOptions struct {
	// Timeout is how long it may take; 0 is the option command_timeout_ms. The context's deadline counts, too.
	Timeout time.Duration
	// NoBuffer makes a write wait through an outage for its reply instead of being buffered.
	NoBuffer bool
	// NoRetry makes that it is never written a second time.
	NoRetry bool
	// FromPrimary has the primary answer it, also if it only reads and read_from is replica; see WithReadFromReplica.
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
	engine, failed := newEngine(config)
	if failed != nil {
		hooks.end()
		C.rr_client_free(ptr)
		return nil, failed
	}
	h := &handle{ptr: ptr, engine: engine, hooks: hooks, waits: make(chan struct{}, hooks.maxWaits),
		gone: make(chan struct{}), over: make(chan struct{})}
	c := &Client{handle: h}
	// A net only, for a client that was forgotten.
	runtime.AddCleanup(c, func(h *handle) { go h.close(0) }, h)
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

func (h *handle) isClosed() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.closed
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
	b, err := newBudget(ctx, options.Timeout, c.engine.standard)
	if err != nil {
		return reply, several, err
	}
	reply, several, err = c.submit(&b, options, p)
	if failed, ok := err.(*Error); ok && failed.Status == StatusUnsupported {
		// It changes the connection, or is refused there, too.
		reply, err = c.doAlone(&b, options, p)
	}
	return reply, several, err
}

func (c *Client) submit(b *budget, options CommandOptions, p *packed) (Reply, aggregate, error) {
	ptr, err := c.borrow()
	if err != nil {
		return Reply{}, aggregate{}, err
	}
	defer c.release()
	defer runtime.KeepAlive(c)
	return c.engine.roundTrip(b, ptr, options.flags(), p)
}

// CloseReport is what Close left behind.
type CloseReport struct {
	Drained uint64 // buffered commands that were sent while closing
	Lost    uint64 // buffered commands that could not be sent: they are lost with the client
	Unknown uint64 // buffered commands that were written but not answered: they may have run
	Failed  uint64 // commands that were left in the failed list
}

// Close stops taking commands, waits up to five seconds for those that are buffered or on their way, and disconnects. A call while another
// one runs waits for that and returns the same; a later one does nothing. From a function of the program that the library calls it is
// refused (StatusInCallback), and the client stays open.
func (c *Client) Close() error {
	_, err := c.CloseWithin(5 * time.Second)
	return err
}

// CloseWithin is Close with a time of its own, and tells what was left behind. When the time has passed the contexts of the program's
// functions end (Config.Credentials, Config.Resolver), and those that run are waited for.
func (c *Client) CloseWithin(drain time.Duration) (CloseReport, error) {
	if drain < 0 {
		return CloseReport{}, usageError("the time to close is negative: %v", drain)
	}
	return c.close(drain)
}

func (h *handle) close(drain time.Duration) (CloseReport, error) {
	if h.hooks.inside() {
		// It would wait for the function that calls it.
		return CloseReport{}, &Error{Status: StatusInCallback, Message: "Close was called by a function of the program that the library calls"}
	}
	h.mu.Lock()
	if running := h.closing; running != nil {
		h.mu.Unlock()
		select {
		case <-running.done:
			return CloseReport{}, nil
		default:
		}
		<-running.done
		return running.report, running.err
	}
	running := &closing{done: make(chan struct{})}
	h.closing = running
	h.mu.Unlock()
	defer close(running.done)

	// While it drains they are needed to connect; afterwards those that wait for something return.
	ending := time.AfterFunc(drain, h.hooks.end)
	report := C.rr_close_report{struct_size: C.sizeof_rr_close_report}
	var failure *C.rr_error
	status := C.rr_client_close(h.ptr, millisOf(drain), &report, &failure)
	if status < 0 {
		running.err = newError(status, failure)
	}
	ending.Stop()
	if status == C.RR_ERR_IN_CALLBACK {
		h.mu.Lock()
		h.closing = nil
		h.mu.Unlock()
		return running.report, running.err
	}
	h.hooks.end()
	running.report = CloseReport{
		Drained: uint64(report.drained), Lost: uint64(report.lost), Unknown: uint64(report.unknown), Failed: uint64(report.failed),
	}
	// Everything that waited has ended, or does so now; what begins is refused by C, and from here on by us.
	close(h.gone)
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.calls.Wait()
	h.engine.close()
	h.keepEvents()
	C.rr_client_free(h.ptr)
	close(h.over)
	return running.report, running.err
}
