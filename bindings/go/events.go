package rr

// Events: what happens in the life of a client.

// #include <resilient_redis.h>
import "C"

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// EventKind is what happened.
type EventKind int32

const (
	// EventConnected: the connection is up and everything buffered has been sent.
	EventConnected EventKind = C.RR_EVENT_CONNECTED
	// EventDisconnected: the connection was lost, or the server is not ready.
	EventDisconnected EventKind = C.RR_EVENT_DISCONNECTED
	// EventReconnecting: an attempt to connect failed; the next one follows after Delay.
	EventReconnecting EventKind = C.RR_EVENT_RECONNECTING
	// EventGaveUp: the reconnect budget is spent; a slow probe goes on.
	EventGaveUp EventKind = C.RR_EVENT_GAVE_UP
	// EventBuffering: the first write of this outage went into the buffer.
	EventBuffering EventKind = C.RR_EVENT_BUFFERING
	// EventDrained: the buffer is empty again; Count commands were sent from it.
	EventDrained EventKind = C.RR_EVENT_DRAINED
	// EventBufferFull: a write found no room in the buffer. Once an outage.
	EventBufferFull EventKind = C.RR_EVENT_BUFFER_FULL
	// EventCommandFailed: the server refused a buffered command for good; it is in the failed list as FailedID.
	EventCommandFailed EventKind = C.RR_EVENT_COMMAND_FAILED
	// EventCommandDropped: a buffered command was dropped or became too old; it is in the failed list as FailedID.
	EventCommandDropped EventKind = C.RR_EVENT_COMMAND_DROPPED
	// EventAuthFailed: the server refused the credentials.
	EventAuthFailed EventKind = C.RR_EVENT_AUTH_FAILED
	// EventSubscriptionsRestored: the subscriptions are there again, Count names; what was published since DownSince is missing.
	EventSubscriptionsRestored EventKind = C.RR_EVENT_SUBSCRIPTIONS_RESTORED
	// EventFailover: it is not the same server, or not the same data: see Failover.
	EventFailover EventKind = C.RR_EVENT_FAILOVER
	// EventMaintenance: the server announces its own maintenance.
	EventMaintenance EventKind = C.RR_EVENT_MAINTENANCE
)

// String gives the constant's name in C, such as "RR_EVENT_CONNECTED".
func (k EventKind) String() string { return C.GoString(C.rr_event_name(C.rr_kind(k))) }

// ServerChange is which server there is after a failover.
type ServerChange int32

const (
	// ServerSame: the same process, with another history of data.
	ServerSame ServerChange = C.RR_SERVER_SAME
	// ServerRestarted: a new process at the same address.
	ServerRestarted ServerChange = C.RR_SERVER_RESTARTED
	// ServerOther: another server.
	ServerOther ServerChange = C.RR_SERVER_OTHER
)

// History is what became of the data in a failover.
type History int32

const (
	// HistoryUnknown: it cannot be told.
	HistoryUnknown History = C.RR_HISTORY_UNKNOWN
	// HistoryContinued: what the former server had when it was last asked is there.
	HistoryContinued History = C.RR_HISTORY_CONTINUED
	// HistoryRolledBack: the former server had data that is not there.
	HistoryRolledBack History = C.RR_HISTORY_ROLLED_BACK
)

// Failover is what an event of that kind says. Offsets are bytes of the replication stream; -1 is not known.
type Failover struct {
	Server                             ServerChange
	History                            History
	OldRunID, NewRunID                 string
	OldOffset, SharedOffset, NewOffset int64
}

// Event is something that happened. Fields that its kind does not use are zero.
type Event struct {
	Kind    EventKind
	Message string // one sentence for people
	Time    time.Time
	Attempt int           // attempts to connect in this outage
	Delay   time.Duration // before the next one
	Count   uint64        // commands or names that it concerns
	// FailedID is the place in the failed list of the command that it concerns.
	FailedID uint64
	// Missed is how many events before this one were dropped, because nobody took them in time.
	Missed uint64
	// DownSince is when that began which is over by now.
	DownSince time.Time
	// Failover is nil for other kinds.
	Failover *Failover
}

// pendingEvents are those that were taken from C and that nobody has got yet.
type pendingEvents struct {
	mu  sync.Mutex
	all []Event
}

func (p *pendingEvents) take() (Event, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return Event{}, false
	}
	first := p.all[0]
	p.all = p.all[1:]
	return first, true
}

// giveBack puts an event before the others.
func (p *pendingEvents) giveBack(event Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append([]Event{event}, p.all...)
}

// keepEvents takes what C still has, for those who ask when the client is closed.
func (h *handle) keepEvents() {
	for {
		var taken *C.rr_event
		if C.rr_event_next(h.ptr, 0, &taken, nil) < 0 || taken == nil {
			return
		}
		event := copyEvent(taken)
		C.rr_event_free(taken)
		h.events.mu.Lock()
		h.events.all = append(h.events.all, event)
		h.events.mu.Unlock()
	}
}

// NextEvent waits for the next event. Each event goes to one of those that wait. When the client is closed those that are left are given,
// then ErrClosed.
func (c *Client) NextEvent(ctx context.Context) (Event, error) {
	defer runtime.KeepAlive(c)
	var event Event
	var pending bool
	var taken *C.rr_event
	err := c.inSlices(ctx, StatusEmpty, func(client *C.rr_client, slice C.int64_t) (got answer) {
		if event, pending = c.events.take(); !pending {
			got.status = C.rr_event_next(client, slice, &taken, &got.err)
		}
		return got
	})
	switch {
	case taken != nil:
		defer C.rr_event_free(taken)
		return copyEvent(taken), nil
	case errors.Is(err, ErrClosed) && c.isClosed():
		// What was left is there when the close is over.
		<-c.over
		if event, pending = c.events.take(); !pending {
			return event, closedError()
		}
		return event, nil
	}
	return event, err
}

func copyEvent(taken *C.rr_event) Event {
	e := Event{
		Kind:     EventKind(C.rr_event_kind(taken)),
		Message:  C.GoString(C.rr_event_message(taken)),
		Time:     time.UnixMilli(int64(C.rr_event_time_ms(taken))),
		Attempt:  int(C.rr_event_attempt(taken)),
		Delay:    time.Duration(C.rr_event_delay_ms(taken)) * time.Millisecond,
		Count:    uint64(C.rr_event_count(taken)),
		FailedID: uint64(C.rr_event_failed_id(taken)),
		Missed:   uint64(C.rr_event_missed(taken)),
	}
	if since := C.rr_event_down_since_ms(taken); since != 0 {
		e.DownSince = time.UnixMilli(int64(since))
	}
	if e.Kind == EventFailover {
		e.Failover = &Failover{
			Server:       ServerChange(C.rr_event_server_change(taken)),
			History:      History(C.rr_event_history(taken)),
			OldRunID:     C.GoString(C.rr_event_old_run_id(taken)),
			NewRunID:     C.GoString(C.rr_event_new_run_id(taken)),
			OldOffset:    int64(C.rr_event_old_offset(taken)),
			SharedOffset: int64(C.rr_event_shared_offset(taken)),
			NewOffset:    int64(C.rr_event_new_offset(taken)),
		}
	}
	return e
}

// Events gives the events from now on, and those that nobody has taken yet, until the context ends, or the client is closed and none is
// left: then the channel is closed.
func (c *Client) Events(ctx context.Context) <-chan Event {
	events := make(chan Event)
	go func() {
		defer close(events)
		for {
			event, err := c.NextEvent(ctx)
			if err != nil {
				return
			}
			select {
			case events <- event:
			case <-ctx.Done():
				c.events.giveBack(event)
				return
			}
		}
	}()
	return events
}
