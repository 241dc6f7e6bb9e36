package rr

// Monitors: a stream of every command that the server runs. One goroutine for each takes its entries from the library, on a thread
// of the system, and hands them on.

// #include <resilient_redis.h>
import "C"

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// MonitorEntry is a command that the server ran, or a gap in what is told.
type MonitorEntry struct {
	// Gap: the connection was lost for so long, and is back; what ran in between is not told. Line is the cause then. Negative for
	// a command.
	Gap time.Duration
	// When it ran, by the server's clock; when the gap ended, by this machine's.
	Time    time.Time
	DB      int64
	Address string // for whom: an address and port, "unix:" and a path, or "lua"
	Args    []string
	Line    string // as the server sent it
}

// IsGap tells whether it is a gap, and no command.
func (e MonitorEntry) IsGap() bool { return e.Gap >= 0 }

// Monitor tells every command that the server runs. It costs the server a good part of its throughput, and shows the arguments of
// other programs: it is for looking into things. Any number of goroutines may call its methods; each entry goes to one of them.
type Monitor struct {
	*monitor
	client *Client // which lives as long
	net    runtime.Cleanup
}

type monitor struct {
	handle *C.rr_monitor
	heard  chan heard
	stop   chan struct{} // closed by Close
	once   sync.Once
	ended  error // why there are no more entries; set before heard is closed
	// Held to close the handle, and to free it.
	mu    sync.Mutex
	freed bool
}

// heard is an entry, or a failure that is not the end.
type heard struct {
	entry MonitorEntry
	err   error
}

// Monitor begins to listen to every command that the server runs. It waits for a connection of its own, up to the context's end or
// the option command_timeout_ms.
func (c *Client) Monitor(ctx context.Context) (*Monitor, error) {
	type started struct {
		answer
		handle *C.rr_monitor
	}
	b, err := newBudget(ctx, 0, c.engine.standard)
	if err != nil {
		return nil, err
	}
	got, f, err := waitInC(&b, c.handle, func(client *C.rr_client, _ C.int64_t) (s started) {
		s.status = C.rr_monitor_new(client, &s.handle, &s.err)
		return s
	}, func(s started) {
		s.free()
		C.rr_monitor_free(s.handle)
	})
	runtime.KeepAlive(c)
	if err != nil {
		if failed, ok := err.(*Error); ok && f == abandoned {
			// It is about no command.
			noOutcome(failed)
		}
		return nil, err
	}
	if failed := got.failure(); failed != nil {
		return nil, because(ctx, failed)
	}
	inner := &monitor{handle: got.handle, heard: make(chan heard), stop: make(chan struct{})}
	m := &Monitor{monitor: inner, client: c}
	// A net only, for a monitor that was forgotten.
	m.net = runtime.AddCleanup(m, func(m *monitor) { go m.end() }, inner)
	go inner.run()
	return m, nil
}

// monitorSlice is how long one call of C may wait. It is time enough for a connection to be made.
const monitorSlice = 10 * time.Second

// run takes entries and hands them on, until Close or until the client is closed.
func (m *monitor) run() {
	defer close(m.heard)
	defer m.free()
	for {
		select {
		case <-m.stop:
			m.ended = &Error{Status: StatusClosed, Message: "the monitor is closed"}
			return
		default:
		}
		// Close ends this call, and so does the end of the client.
		var taken *C.rr_monitor_entry
		var err *C.rr_error
		var told heard
		switch status := C.rr_monitor_next(m.handle, C.int64_t(monitorSlice.Milliseconds()), &taken, &err); {
		case status == C.RR_ERR_CLOSED:
			m.ended = newError(status, err)
			return
		case status < 0:
			told.err = newError(status, err)
		case taken == nil:
			continue
		default:
			told.entry = copyEntry(taken)
			C.rr_monitor_entry_free(taken)
		}
		select {
		case m.heard <- told:
		case <-m.stop:
		}
	}
}

func (m *monitor) free() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.freed = true
	C.rr_monitor_free(m.handle)
}

// Next waits for the next entry. After the connection was lost the gap comes first, once it is back. ErrClosed when the monitor or
// its client is closed; another failure is not the end: call it again.
func (m *Monitor) Next(ctx context.Context) (MonitorEntry, error) {
	defer runtime.KeepAlive(m)
	if failed := ended(ctx); failed != nil {
		return MonitorEntry{}, noOutcome(failed)
	}
	select {
	case told, ok := <-m.heard:
		if !ok {
			return MonitorEntry{}, m.ended
		}
		return told.entry, told.err
	case <-ctx.Done():
		return MonitorEntry{}, noOutcome(contextError(ctx.Err()))
	}
}

func copyEntry(taken *C.rr_monitor_entry) MonitorEntry {
	var length C.size_t
	line := C.rr_monitor_entry_line(taken, &length)
	entry := MonitorEntry{
		Gap:     -1,
		Time:    time.UnixMicro(int64(C.rr_monitor_entry_time_us(taken))),
		DB:      int64(C.rr_monitor_entry_db(taken)),
		Address: C.GoString(C.rr_monitor_entry_address(taken)),
		Line:    copyText(line, length),
	}
	if C.rr_monitor_entry_kind(taken) == C.RR_MONITOR_GAP {
		entry.Gap = time.Duration(C.rr_monitor_entry_gap_ms(taken)) * time.Millisecond
	}
	for i := range C.rr_monitor_entry_argument_count(taken) {
		at := C.rr_monitor_entry_argument(taken, i, &length)
		entry.Args = append(entry.Args, copyText(at, length))
	}
	return entry
}

// Close ends the monitor: a Next that waits returns ErrClosed. Calling it again does
// nothing.
func (m *Monitor) Close() error {
	m.net.Stop()
	m.end()
	return nil
}

func (m *monitor) end() {
	m.once.Do(func() {
		close(m.stop)
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.freed {
			C.rr_monitor_close(m.handle, nil)
		}
	})
}
