package rr

// The failed list: buffered commands that the server refused for good, that were dropped to make room, or that became too old.

// #include <resilient_redis.h>
import "C"

import (
	"iter"
	"runtime"
)

// Failed is an entry of the failed list.
type Failed struct {
	ID  uint64
	Err *Error
	// Commands has the arguments of each command, its name first: of one, or of a pipeline that was buffered as one unit.
	Commands [][]string
}

// FailedCount tells how many entries the failed list has; 0 when the client is closed.
func (c *Client) FailedCount() int64 {
	ptr, err := c.borrow()
	if err != nil {
		return 0
	}
	defer c.release()
	return max(0, int64(C.rr_failed_count(ptr)))
}

// Failed gives the entries of the failed list, the oldest first. They stay in it: see RetryFailed and DiscardFailed, which may be
// called meanwhile. The error ends it.
func (c *Client) Failed() iter.Seq2[Failed, error] {
	return func(yield func(Failed, error) bool) {
		for after := uint64(0); ; {
			entry, ok, err := c.failedAfter(after)
			if err != nil {
				yield(Failed{}, err)
				return
			}
			if !ok || !yield(entry, nil) {
				return
			}
			after = entry.ID
		}
	}
}

func (c *Client) failedAfter(id uint64) (entry Failed, ok bool, failed error) {
	ptr, failed := c.borrow()
	if failed != nil {
		return entry, false, failed
	}
	defer c.release()
	var taken *C.rr_failed
	var err *C.rr_error
	if status := C.rr_failed_next(ptr, C.uint64_t(id), &taken, &err); status < 0 {
		return entry, false, newError(status, err)
	}
	runtime.KeepAlive(c)
	if taken == nil {
		return entry, false, nil
	}
	defer C.rr_failed_free(taken)
	entry = Failed{ID: uint64(C.rr_failed_id(taken)), Err: copyError(C.rr_failed_error(taken))}
	for i := range C.rr_failed_command_count(taken) {
		args := make([]string, C.rr_failed_argument_count(taken, i))
		for j := range args {
			var length C.size_t
			at := C.rr_failed_argument(taken, i, C.size_t(j), &length)
			args[j] = copyText(at, length)
		}
		entry.Commands = append(entry.Commands, args)
	}
	return entry, true, nil
}

// RetryFailed takes an entry out of the failed list and puts it at the end of the buffer, to be sent again.
func (c *Client) RetryFailed(id uint64) error {
	ptr, failed := c.borrow()
	if failed != nil {
		return failed
	}
	defer c.release()
	var err *C.rr_error
	if status := C.rr_failed_retry(ptr, C.uint64_t(id), &err); status < 0 {
		return newError(status, err)
	}
	return nil
}

// DiscardFailed takes an entry out of the failed list for good.
func (c *Client) DiscardFailed(id uint64) error {
	ptr, failed := c.borrow()
	if failed != nil {
		return failed
	}
	defer c.release()
	var err *C.rr_error
	if status := C.rr_failed_discard(ptr, C.uint64_t(id), &err); status < 0 {
		return newError(status, err)
	}
	return nil
}
