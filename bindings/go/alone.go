package rr

// Commands that cannot be submitted, since they change what a connection is (SELECT, AUTH, ...). They are called in C, and hold a
// thread of the system while they wait.

// #include "crossings.h"
import "C"

import (
	"bytes"
	"context"
	"runtime"
	"slices"
)

// doAlone issues a command that was refused as one to submit.
func (c *Client) doAlone(ctx context.Context, options CommandOptions, given *packed) (Reply, error) {
	limit, err := timeLimit(ctx, options.Timeout)
	if err != nil {
		return Reply{}, err
	}
	// The call may go on when this has returned, and what was given be used again.
	p := &packed{bytes: bytes.Clone(given.bytes), lengths: slices.Clone(given.lengths)}
	got, _, err := waitInC(ctx, c.handle, func(client *C.rr_client) (got answer) {
		argc, bytes, lengths := p.pointers()
		got.status = C.rrgo_command(client, limit, options.flags(), argc, bytes, lengths, &got.reply, &got.err)
		runtime.KeepAlive(p)
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
