package rr

// Streams, and waiting for their entries.

import "time"

// XMessage is an entry of a stream.
type XMessage struct {
	ID string
	// Values are its fields, by their names. A field that stands there twice has its last value.
	Values map[string]string
}

// XStream is a stream, and entries of it.
type XStream struct {
	Stream   string
	Messages []XMessage
}

// XAddOptions is what XAddWith asks for.
type XAddOptions struct {
	ID          string // "": the server gives one
	MustExist   bool   // add only if the stream exists
	MaxLen      int64  // unless 0: keep so many entries
	MinID       string // unless "": keep the entries from this one on
	Approximate bool   // keep somewhat more, which is cheaper
}

// XAdd adds an entry of fields and values, given in turn, and gives its id.
func (c commands) XAdd(stream string, pairs ...any) request[string] {
	return c.XAddWith(stream, XAddOptions{}, pairs...)
}

// XAddWith is XAdd as the options say; ErrNil if the stream does not exist and must.
func (commands) XAddWith(stream string, options XAddOptions, pairs ...any) request[string] {
	b := cmd("XADD").str(stream).when(options.MustExist, "NOMKSTREAM")
	id := options.ID
	if id == "" {
		id = "*"
	}
	about := options.Approximate
	switch {
	case options.MaxLen != 0 && options.MinID != "":
		b = b.fail("XADD: MaxLen and MinID exclude each other")
	case options.MaxLen != 0:
		b = b.str("MAXLEN").when(about, "~").int(options.MaxLen)
	case options.MinID != "":
		b = b.str("MINID").when(about, "~").str(options.MinID)
	}
	return ask(b.str(id).pairs("XADD", pairs), Value.Text)
}

// XLen tells how many entries there are.
func (commands) XLen(stream string) request[int64] { return ask(cmd("XLEN").str(stream), Value.Int) }

// XDel deletes entries and tells how many there were.
func (commands) XDel(stream string, ids ...string) request[int64] {
	return ask(cmd("XDEL").str(stream).strs(ids...), Value.Int)
}

// XRange gives the entries from start ("-": the first) to stop ("+": the last), the oldest first.
func (commands) XRange(stream, start, stop string) request[[]XMessage] {
	return ask(cmd("XRANGE").str(stream).str(start).str(stop), messages)
}

// XRangeN is XRange of up to count entries.
func (commands) XRangeN(stream, start, stop string, count int64) request[[]XMessage] {
	return ask(cmd("XRANGE").str(stream).str(start).str(stop).str("COUNT").int(count), messages)
}

// XRevRange gives the entries from start ("+": the last) to stop ("-": the first), the newest first.
func (commands) XRevRange(stream, start, stop string) request[[]XMessage] {
	return ask(cmd("XREVRANGE").str(stream).str(start).str(stop), messages)
}

// XRevRangeN is XRevRange of up to count entries.
func (commands) XRevRangeN(stream, start, stop string, count int64) request[[]XMessage] {
	return ask(cmd("XREVRANGE").str(stream).str(start).str(stop).str("COUNT").int(count), messages)
}

// XTrimMaxLen keeps the newest count entries and tells how many went.
func (commands) XTrimMaxLen(stream string, count int64) request[int64] {
	return ask(cmd("XTRIM").str(stream).str("MAXLEN").int(count), Value.Int)
}

// XTrimMinID keeps the entries from id on and tells how many went.
func (commands) XTrimMinID(stream, id string) request[int64] {
	return ask(cmd("XTRIM").str(stream).str("MINID").str(id), Value.Int)
}

// StreamAfter is a stream, and the id after which entries are wanted.
type StreamAfter struct{ Stream, ID string }

func (b builder) streams(what string, streams []StreamAfter) builder {
	if len(streams) == 0 {
		b = b.fail("%s: no streams", what)
	}
	b = b.str("STREAMS")
	for _, s := range streams {
		b = b.str(s.Stream)
	}
	for _, s := range streams {
		b = b.str(s.ID)
	}
	return b
}

func (b builder) count(n int64) builder {
	if n == 0 {
		return b
	}
	return b.str("COUNT").int(n)
}

// block adds how long to wait, in milliseconds; 0 is for ever.
func (b builder) block(what string, d time.Duration) builder { return b.str("BLOCK").millis(what, d) }

// XRead gives up to count (0: all) entries of each stream after its id, of what is there; nothing if there is none.
func (commands) XRead(count int64, streams ...StreamAfter) request[[]XStream] {
	return ask(cmd("XREAD").count(count).streams("XREAD", streams), streamsOf)
}

// XReadBlock is XRead that waits up to timeout (0: for ever) for entries; nothing if none came. Name the last id that was seen, not
// "$": what is added while there is no connection is then not missed.
func (commands) XReadBlock(timeout time.Duration, count int64, streams ...StreamAfter) waiting[[]XStream] {
	return await(cmd("XREAD").count(count).block("XREAD", timeout).streams("XREAD", streams), streamsOf)
}

// XReadGroup gives up to count (0: all) entries of each stream to a consumer of a group: new ones with the id ">", else those that
// it has got and not acknowledged.
func (commands) XReadGroup(group, consumer string, count int64, streams ...StreamAfter) request[[]XStream] {
	return ask(cmd("XREADGROUP", "GROUP", group, consumer).count(count).streams("XREADGROUP", streams), streamsOf)
}

// XReadGroupBlock is XReadGroup that waits up to timeout (0: for ever) for entries; nothing if none came.
func (commands) XReadGroupBlock(timeout time.Duration, group, consumer string, count int64, streams ...StreamAfter) waiting[[]XStream] {
	b := cmd("XREADGROUP", "GROUP", group, consumer).count(count).block("XREADGROUP", timeout)
	return await(b.streams("XREADGROUP", streams), streamsOf)
}

// XAck acknowledges entries of a group and tells how many were waiting for it.
func (commands) XAck(stream, group string, ids ...string) request[int64] {
	return ask(cmd("XACK").str(stream).str(group).strs(ids...), Value.Int)
}

// XGroupCreate makes a group that begins after id ("$": what comes from now on, "0": everything).
func (commands) XGroupCreate(stream, group, id string) request[None] {
	return ask(cmd("XGROUP", "CREATE").str(stream).str(group).str(id), done)
}

// XGroupCreateMkStream is XGroupCreate that makes the stream if there is none.
func (commands) XGroupCreateMkStream(stream, group, id string) request[None] {
	return ask(cmd("XGROUP", "CREATE").str(stream).str(group).str(id).str("MKSTREAM"), done)
}

// XGroupSetID has a group go on after id.
func (commands) XGroupSetID(stream, group, id string) request[None] {
	return ask(cmd("XGROUP", "SETID").str(stream).str(group).str(id), done)
}

// XGroupDestroy deletes a group and tells whether there was one.
func (commands) XGroupDestroy(stream, group string) request[bool] {
	return ask(cmd("XGROUP", "DESTROY").str(stream).str(group), Value.Bool)
}

// XGroupDelConsumer deletes a consumer and tells how many entries it had not acknowledged.
func (commands) XGroupDelConsumer(stream, group, consumer string) request[int64] {
	return ask(cmd("XGROUP", "DELCONSUMER").str(stream).str(group).str(consumer), Value.Int)
}

// XPending is what a group has given out and nobody has acknowledged.
type XPending struct {
	Count           int64
	Lowest, Highest string           // ids
	Consumers       map[string]int64 // how many each has
}

// XPending tells what a group has given out and nobody has acknowledged.
func (commands) XPending(stream, group string) request[XPending] {
	return ask(cmd("XPENDING").str(stream).str(group), pending)
}

func pending(v Value) (p XPending, err error) {
	parts, err := v.Slice()
	if err != nil {
		return p, err
	}
	if len(parts) != 4 {
		return p, v.mismatch("a count, two ids and consumers")
	}
	if p.Count, err = parts[0].Int(); err != nil {
		return p, err
	}
	p.Lowest, _ = textOrEmpty(parts[1])
	p.Highest, _ = textOrEmpty(parts[2])
	if parts[3].IsNil() {
		return p, nil
	}
	consumers, err := parts[3].Slice()
	p.Consumers = make(map[string]int64, len(consumers))
	for _, consumer := range consumers {
		texts, err := consumer.Slice()
		if err != nil || len(texts) != 2 {
			return p, consumer.mismatch("a consumer and a count")
		}
		name, _ := textOrEmpty(texts[0])
		if p.Consumers[name], err = texts[1].Int(); err != nil {
			return p, err
		}
	}
	return p, err
}

// XPendingEntry is an entry that was given out and not acknowledged.
type XPendingEntry struct {
	ID, Consumer string
	Idle         time.Duration // since it was given out last
	Deliveries   int64
}

// XPendingExt gives up to count entries from start to stop that were given out, to consumer ("": to anyone), and not acknowledged.
func (commands) XPendingExt(stream, group, start, stop string, count int64, consumer string) request[[]XPendingEntry] {
	b := cmd("XPENDING").str(stream).str(group).str(start).str(stop).int(count).when(consumer != "", consumer)
	return ask(b, func(v Value) ([]XPendingEntry, error) { return sliceOf(v, pendingEntry) })
}

func pendingEntry(v Value) (e XPendingEntry, err error) {
	parts, err := v.Slice()
	if err != nil {
		return e, err
	}
	if len(parts) != 4 {
		return e, v.mismatch("an id, a consumer and two numbers")
	}
	if e.ID, err = parts[0].Text(); err != nil {
		return e, err
	}
	if e.Consumer, err = parts[1].Text(); err != nil {
		return e, err
	}
	idle, err := parts[2].Int()
	if err != nil {
		return e, err
	}
	e.Idle = time.Duration(idle) * time.Millisecond
	e.Deliveries, err = parts[3].Int()
	return e, err
}

// XClaim gives entries to another consumer that were given out at least so long ago.
func (commands) XClaim(stream, group, consumer string, idle time.Duration, ids ...string) request[[]XMessage] {
	return ask(cmd("XCLAIM").str(stream).str(group).str(consumer).millis("XCLAIM", idle).strs(ids...), messages)
}

// XClaimed is what XAutoClaim gave to a consumer, and the id to go on from; "0-0" when it came to the end.
type XClaimed struct {
	Next     string
	Messages []XMessage
}

// XAutoClaim gives up to count (0: 100) entries from start on to another consumer that were given out at least so long ago.
func (commands) XAutoClaim(stream, group, consumer string, idle time.Duration, start string, count int64) request[XClaimed] {
	b := cmd("XAUTOCLAIM").str(stream).str(group).str(consumer).millis("XAUTOCLAIM", idle).str(start).count(count)
	return ask(b, func(v Value) (c XClaimed, err error) {
		parts, err := v.Slice()
		if err != nil {
			return c, err
		}
		if len(parts) < 2 {
			return c, v.mismatch("an id and entries")
		}
		if c.Next, err = parts[0].Text(); err != nil {
			return c, err
		}
		c.Messages, err = messages(parts[1])
		return c, err
	})
}

// messages reads entries; those that were deleted meanwhile, of which nothing is left, are left out.
func messages(v Value) ([]XMessage, error) {
	elements, err := v.Slice()
	if err != nil {
		return nil, err
	}
	all := make([]XMessage, 0, len(elements))
	for _, element := range elements {
		if element.IsNil() {
			continue
		}
		parts, err := element.Slice()
		if err != nil {
			return nil, err
		}
		if len(parts) != 2 {
			return nil, element.mismatch("an id and fields")
		}
		var m XMessage
		if m.ID, err = parts[0].Text(); err != nil {
			return nil, err
		}
		if !parts[1].IsNil() {
			if m.Values, err = parts[1].StringMap(); err != nil {
				return nil, err
			}
		}
		all = append(all, m)
	}
	return all, nil
}

// streamsOf reads streams and their entries: a map in RESP3, an array of pairs in RESP2.
func streamsOf(v Value) ([]XStream, error) {
	if v.IsNil() {
		return nil, nil
	}
	elements, err := v.Slice()
	if err != nil {
		return nil, err
	}
	flat := elements
	if v.content().kind != KindMap {
		flat = nil
		for _, element := range elements {
			pair, err := element.Slice()
			if err != nil {
				return nil, err
			}
			flat = append(flat, pair...)
		}
	}
	all := make([]XStream, len(flat)/2)
	for i := range all {
		if all[i].Stream, err = flat[2*i].Text(); err != nil {
			return nil, err
		}
		if all[i].Messages, err = messages(flat[2*i+1]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
