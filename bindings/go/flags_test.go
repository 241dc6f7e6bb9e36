package rr

import (
	"context"
	"fmt"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

// What options there are for one call, and whether the server sees them.

func TestWhatIsNotToBeTriedAgainIsNot(t *testing.T) {
	t.Parallel()
	for what, write := range map[string]func(ctx context.Context, c *Client, once bool) error{
		"a command": func(ctx context.Context, c *Client, once bool) error {
			return second(c.With(CommandOptions{NoRetry: once}).Incr(ctx, "n"))
		},
		"a pipeline": func(ctx context.Context, c *Client, once bool) error {
			p := c.PipelineWith(PipelineOptions{NoRetry: once})
			p.Incr("n")
			return second(p.Exec(ctx))
		},
		"a script": func(ctx context.Context, c *Client, once bool) error {
			return second(NewScript("return redis.call('INCR', KEYS[1])").RunWith(ctx, c, ScriptOptions{NoRetry: once}, []string{"n"}))
		},
		// With watched keys nothing is; without, what is executed is as in any atomic pipeline.
		"a transaction": func(ctx context.Context, c *Client, once bool) error {
			return c.WatchWith(ctx, TxOptions{NoRetry: once}, func(tx *Tx) error {
				return second(tx.TxPipelined(ctx, func(p *Pipeline) error { p.Incr("n"); return nil }))
			})
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			proxy := redistest.Between(t, s)
			c := open(t, proxy.URL("outage_grace_ms=10000", "command_timeout_ms=14000"))
			must(t, c.WaitReady(ctxOf(t)))
			for _, once := range []bool{false, true} {
				s.Freeze()
				written := got(c.Stats())(t).BytesWritten
				done := make(chan error, 1)
				go func() { done <- write(ctxOf(t), c, once) }()
				eventually(t, "it is written", func() bool { return got(c.Stats())(t).BytesWritten > written })
				proxy.Cut()
				eventually(t, "the cut is noticed", func() bool { return c.State() != StateReady })
				s.Thaw()
				if err := <-done; once {
					isError(t, err, ErrConnectionLost, OutcomeUnknown)
				} else {
					must(t, err)
				}
				must(t, c.WaitReady(ctxOf(t)))
			}
		})
	}
}

func TestEachOptionIsAFlagOfItsOwn(t *testing.T) {
	// The numbers are those of the header.
	for options, want := range map[CommandOptions]uint32{{}: 0, {NoBuffer: true}: 1, {NoRetry: true}: 2, {FromPrimary: true}: 8} {
		same(t, fmt.Sprintf("%+v", options), uint32(options.flags()), want)
	}
	for options, want := range map[PipelineOptions]uint32{
		{}: 0, {NoBuffer: true}: 1, {NoRetry: true}: 2, {Atomic: true}: 4, {FromPrimary: true}: 8,
	} {
		same(t, fmt.Sprintf("%+v", options), uint32(options.flags()), want)
	}
}

func TestATimeToLiveIsKeptOrSetOrRoundedUp(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	ctx := ctxOf(t)
	lives := func() int64 { return s.Must(t, "PTTL", "k").(int64) }
	must(t, c.Set(ctx, "k", "v", time.Hour))
	must(t, c.Set(ctx, "k", "w", KeepTTL))
	if left := lives(); left <= 0 {
		t.Errorf("kept: %d ms", left)
	}
	must(t, second(c.SetWith(ctx, "k", "w", SetOptions{TTL: KeepTTL})))
	if left := lives(); left <= 0 {
		t.Errorf("kept: %d ms", left)
	}
	must(t, c.Set(ctx, "k", "w", 0))
	same(t, "for ever", lives(), -1)
	for d, want := range map[time.Duration]string{time.Nanosecond: "1", 1500 * time.Microsecond: "2", time.Second: "1000", -time.Nanosecond: "0"} {
		args := commands{}.Expire("k", d).args
		same(t, "the time that is sent", string(args.bytes[len("PEXPIREk"):]), want)
		putPacked(args)
	}
}
