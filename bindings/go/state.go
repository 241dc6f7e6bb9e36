package rr

// How a client's connection is, and waiting for that.

// #include <resilient_redis.h>
import "C"

import (
	"context"
	"runtime"
)

// State is what a client's connection is doing.
type State int32

const (
	// StateConnecting: the first connection is being made.
	StateConnecting State = C.RR_STATE_CONNECTING
	// StateReady: commands flow.
	StateReady State = C.RR_STATE_READY
	// StateReconnecting: the connection is lost; attempts to make a new one go on.
	StateReconnecting State = C.RR_STATE_RECONNECTING
	// StateRecovering: the connection is back; what waited is being sent.
	StateRecovering State = C.RR_STATE_RECOVERING
	// StateGaveUp: the reconnect budget is spent, or the credentials were refused; only a slow probe goes on.
	StateGaveUp State = C.RR_STATE_GAVE_UP
	// StateClosed: closed by the program.
	StateClosed State = C.RR_STATE_CLOSED
)

// String gives the constant's name in C, such as "RR_STATE_READY".
func (s State) String() string { return C.GoString(C.rr_state_name(C.rr_state(s))) }

// State tells what the connection is doing.
func (c *Client) State() State {
	ptr, err := c.borrow()
	if err != nil {
		return StateClosed
	}
	defer c.release()
	state := State(C.rr_client_state(ptr))
	runtime.KeepAlive(c)
	return state
}

// WaitReady waits until commands flow. A program need not: commands wait by themselves. ErrGaveUp and ErrClosed at once; without a
// deadline it waits as long as it takes.
func (c *Client) WaitReady(ctx context.Context) error {
	defer runtime.KeepAlive(c)
	return c.inSlices(ctx, StatusTimeout, func(client *C.rr_client, slice C.int64_t) (got answer) {
		got.status = C.rr_client_wait_ready(client, slice, &got.err)
		return got
	})
}

// Reconnect tries to connect now instead of after the present pause, also after giving up, and asks again for subscriptions
// that the server refused. When an attempt that is under way fails, another is made at once; a connection that is there is
// left alone. It returns at once.
func (c *Client) Reconnect() error {
	ptr, failed := c.borrow()
	if failed != nil {
		return failed
	}
	defer c.release()
	var err *C.rr_error
	if status := C.rr_client_reconnect(ptr, &err); status < 0 {
		return newError(status, err)
	}
	return nil
}

// Buffered tells how many commands are in the buffer now; 0 when the client is closed.
func (c *Client) Buffered() int64 {
	ptr, err := c.borrow()
	if err != nil {
		return 0
	}
	defer c.release()
	return max(0, int64(C.rr_client_buffered(ptr)))
}

// Flush waits until every buffered command is sent and answered, or failed. When the context ends first, those that are left stay
// buffered.
func (c *Client) Flush(ctx context.Context) error {
	defer runtime.KeepAlive(c)
	return c.inSlices(ctx, StatusTimeout, func(client *C.rr_client, slice C.int64_t) (got answer) {
		got.status = C.rr_client_flush(client, slice, &got.err)
		return got
	})
}
