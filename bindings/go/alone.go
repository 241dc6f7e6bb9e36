package rr

// Commands that cannot be submitted, since they change what a connection is (SELECT, AUTH, ...). They are called in C, and hold a
// thread of the system while they wait.

// #include "crossings.h"
import "C"

import (
	"bytes"
	"runtime"
	"slices"
)

// doAlone issues a command that was refused as one to submit.
func (c *Client) doAlone(b *budget, options CommandOptions, given *packed) (Reply, error) {
	defer runtime.KeepAlive(c)
	// The call may go on when this has returned, and what was given be used again.
	p := &packed{bytes: bytes.Clone(given.bytes), lengths: slices.Clone(given.lengths)}
	for {
		got, _, err := waitInC(b, c.handle, func(client *C.rr_client, limit C.int64_t) (got answer) {
			argc, bytes, lengths := p.pointers()
			got.status = C.rrgo_command(client, limit, options.flags(), argc, bytes, lengths, &got.reply, &got.err)
			runtime.KeepAlive(p)
			return got
		}, answer.free)
		if err != nil {
			return Reply{}, err
		}
		switch failed := got.failure(); {
		case b.again(failed):
			continue
		case failed != nil:
			return Reply{}, because(b.ctx, failed)
		case got.status == C.RR_BUFFERED:
			return Reply{buffered: true}, nil
		}
		return Reply{Value: takeReply(got.reply)}, nil
	}
}
