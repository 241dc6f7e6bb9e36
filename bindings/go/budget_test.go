package rr

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhoWaitsForRoomToWriteEndsWithItsContextAndHoldsNoThread(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "command_timeout_ms=15000", "outage_grace_ms=14000", "max_output_bytes=8388608")
	big := make([]byte, 1<<20)
	s.Freeze()
	defer s.Thaw()
	ctx, cancel := context.WithCancel(context.Background())
	before := fieldOf(t, "Threads")
	var all sync.WaitGroup
	var wrong atomic.Int64
	for range 300 {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := c.Set(ctx, "k", big, 0); !errors.Is(err, context.Canceled) {
				wrong.Add(1)
			}
		}()
	}
	eventually(t, "some wait for room", func() bool { return len(c.engine.toWrite) == 1 })
	p := c.Pipeline()
	p.Set("k", big, 0)
	short, end := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer end()
	isError(t, second(p.Exec(short)), context.DeadlineExceeded, OutcomeNotApplied)
	// Three hundred wait; Go's own threads come and go.
	if threads := fieldOf(t, "Threads"); threads > before+150 {
		t.Errorf("%d threads, and %d before", threads, before)
	}
	began := time.Now()
	cancel()
	all.Wait()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	same(t, "other errors", wrong.Load(), 0)
}

func TestWhoWaitsForRoomToWriteGoesOnWhenThereIs(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "command_timeout_ms=15000", "outage_grace_ms=14000", "max_output_bytes=8388608")
	big := make([]byte, 1<<20)
	s.Freeze()
	const many = 60
	var all sync.WaitGroup
	for range many {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := c.RPush(ctxOf(t), "list", big); err != nil {
				t.Error(err)
			}
		}()
	}
	eventually(t, "some wait for room", func() bool { return len(c.engine.toWrite) == 1 })
	s.Thaw()
	all.Wait()
	same(t, "what is there", got(c.LLen(ctxOf(t), "list"))(t), many)
}

// outage gives a client whose buffer is full and waited for.
func outage(t *testing.T, options ...string) *Client {
	s, c := started(t, append(options, "buffer_overflow=block", "buffer_max_commands=1", "outage_grace_ms=0")...)
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	must(t, c.Set(ctxOf(t), "k", "v", 0))
	same(t, "what is buffered", c.Buffered(), 1)
	return c
}

func TestWhoWaitsForRoomInTheBufferEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := outage(t, "command_timeout_ms=10000")
	write := map[string]func(context.Context) error{
		"a command": func(ctx context.Context) error { return c.Set(ctx, "k", "w", 0) },
		"a pipeline": func(ctx context.Context) error {
			return second(c.Pipelined(ctx, func(p *Pipeline) error { p.Incr("n"); return nil }))
		},
	}
	for what, write := range write {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			defer cancel()
			for end := time.Now().Add(longest); len(c.engine.toBuffer) == 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
			}
		}()
		began := time.Now()
		isError(t, write(ctx), context.Canceled, OutcomeNotApplied)
		ctx, cancel = context.WithTimeout(context.Background(), 30*time.Millisecond)
		defer cancel()
		err := write(ctx)
		isError(t, err, ErrBufferFull, OutcomeNotApplied)
		isError(t, err, context.DeadlineExceeded, OutcomeNotApplied)
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("%s: it took %v", what, took)
		}
	}
}

func TestWaitingForRoomInTheBufferIsPartOfTheTimeForTheCall(t *testing.T) {
	t.Parallel()
	c := outage(t, "command_timeout_ms=300")
	var all sync.WaitGroup
	for range 40 {
		all.Add(1)
		go func() {
			defer all.Done()
			began := time.Now()
			err := c.Set(context.Background(), "k", "w", 0)
			if took := time.Since(began); took < 290*time.Millisecond || took > 4*time.Second {
				t.Errorf("it took %v", took)
			}
			if !errors.Is(err, ErrBufferFull) || OutcomeOf(err) != OutcomeNotApplied {
				t.Errorf("%v", err)
			}
		}()
	}
	all.Wait()
}

func TestWaitingForAPlaceIsPartOfTheTimeForTheCall(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "max_submitted=2", "command_timeout_ms=300")
	s.Freeze()
	defer s.Thaw()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range 2 {
		all.Add(1)
		go func() {
			defer all.Done()
			c.With(CommandOptions{Timeout: longest}).Get(ctx, "k")
		}()
	}
	eventually(t, "both are on their way", func() bool { return got(c.Stats())(t).InFlightNow == 2 })
	began := time.Now()
	isError(t, second(c.Get(context.Background(), "k")), ErrTimeout, OutcomeNotApplied)
	isError(t, second(c.With(CommandOptions{Timeout: 100 * time.Millisecond}).Get(context.Background(), "k")), ErrTimeout, OutcomeNotApplied)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	cancel()
	all.Wait()
}

func TestCommandsThatWaitAtTheServerHaveABoundedNumberOfThreads(t *testing.T) {
	leavesNothing(t)
	_, c := started(t, "private_max_connections=8", "command_timeout_ms=300")
	before := fieldOf(t, "Threads")
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	begun := make(chan struct{}, 200)
	for i := range 200 {
		all.Add(1)
		go func() {
			defer all.Done()
			begun <- struct{}{}
			var err error
			if i%2 == 0 {
				_, err = c.BLPop(ctx, 0, "list")
			} else {
				_, err = c.Do(ctx, "xread", "block", 0, "streams", "stream", "$")
			}
			if !errors.Is(err, context.Canceled) || OutcomeOf(err) != OutcomeNotApplied {
				t.Errorf("%v", err)
			}
		}()
	}
	for range 200 {
		<-begun
	}
	eventually(t, "as many wait as may", func() bool { return len(c.engine.private) == 8 })
	// Longer than the time for a call: those that wait for their turn go on doing that.
	for end := time.Now().Add(600 * time.Millisecond); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		must(t, c.Ping(ctxOf(t)))
		if threads := fieldOf(t, "Threads"); threads > before+120 {
			t.Fatalf("%d threads, and %d before", threads, before)
		}
	}
	cancel()
	all.Wait()
}

func TestWhatWaitsAtTheServerIsKnownByItsNameAndItsOptions(t *testing.T) {
	for _, args := range [][]any{
		{"BLPOP", "k", 0}, {"bzmpop", 0, 1, "k", "MIN"}, {"Wait", 1, 0}, {"WAITAOF", 1, 0, 0}, {"BRPOPLPUSH", "a", "b", 0},
		{"XREAD", "COUNT", 1, "block", 0, "STREAMS", "s", "$"}, {"XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">"},
	} {
		if !got(packArgs(args))(t).waitsAtServer() {
			t.Errorf("%v", args)
		}
	}
	for _, args := range [][]any{
		{"GET", "BLPOP"}, {"BITCOUNT", "k"}, {"", "k"}, {"XADD", "s", "*", "BLOCK", 1}, {"XREAD", "STREAMS", "BLOCK", "0"},
		{"XREADGROUP", "GROUP", "block", "c", "STREAMS", "s", ">"}, {"XREAD"}, {"WAITS"},
	} {
		if got(packArgs(args))(t).waitsAtServer() {
			t.Errorf("%v", args)
		}
	}
}

func TestVeryLongTimesAreTimes(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	far, cancel := context.WithDeadline(context.Background(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	defer cancel()
	longest, cancel := context.WithTimeout(context.Background(), math.MaxInt64)
	defer cancel()
	for _, ctx := range []context.Context{far, longest} {
		must(t, c.Ping(ctx))
		must(t, second(c.Pipelined(ctx, func(p *Pipeline) error { p.Ping(); return nil })))
		must(t, c.Watch(ctx, func(tx *Tx) error { return tx.Ping(ctx) }, "k"))
		must(t, second(NewScript("return 1").Run(ctx, c, nil)))
		must(t, second(c.Do(ctx, "SELECT", 0)))
		must(t, c.WaitReady(ctx))
	}
	ctx := context.Background()
	must(t, c.With(CommandOptions{Timeout: math.MaxInt64}).Ping(ctx))
	must(t, c.WatchWith(ctx, TxOptions{Timeout: math.MaxInt64}, func(tx *Tx) error { return tx.Ping(ctx) }, "k"))
	must(t, second(c.PipelineWith(PipelineOptions{Timeout: math.MaxInt64}).Exec(ctx)))
	must(t, c.Set(ctx, "k", "v", math.MaxInt64))
	if ttl := got(c.TTL(ctx, "k"))(t); ttl < math.MaxInt64-time.Hour {
		t.Errorf("it lives for %v", ttl)
	}
	must(t, second(c.RPush(ctx, "list", 1)))
	must(t, second(c.BLPop(ctx, math.MaxInt64, "list")))
	must(t, second(c.Wait(ctx, 0, math.MaxInt64)))
	same(t, "rounded up", roundUp(math.MaxInt64, time.Millisecond), math.MaxInt64/1_000_000+1)
	same(t, "a negative one", roundUp(-1500*time.Microsecond, time.Millisecond), -1)
	must(t, second(c.CloseWithin(math.MaxInt64)))
}

func TestANilContextIsAnErrorThatSaysSoAndLeavesTheClientAsItIs(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	var none context.Context
	p := c.Pipeline()
	p.Ping()
	for what, err := range map[string]error{
		"a command":      c.Ping(none),
		"a pipeline":     second(p.Exec(none)),
		"a script":       second(NewScript("return 1").Run(none, c, nil)),
		"a transaction":  c.Watch(none, func(*Tx) error { return nil }, "k"),
		"a subscription": second(c.Subscribe(none, "c")),
		"a monitor":      second(c.Monitor(none)),
		"an event":       second(c.NextEvent(none)),
		"readiness":      c.WaitReady(none),
	} {
		if !errors.Is(err, ErrInvalidArgument) || err.Error() != "rr: the context is nil: give context.Background() for one that never ends" {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, c.Close())
}

func TestADeadlineIsNamedByTheErrorOfACallThatItEnds(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	s.Freeze()
	defer s.Thaw()
	for range 20 {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Millisecond)
		err := second(c.Get(ctx, "k"))
		cancel()
		isError(t, err, context.DeadlineExceeded, OutcomeNotApplied)
		if errors.Is(err, ErrCancelled) || err.Error() == "rr: the command was cancelled" {
			t.Errorf("%v", err)
		}
	}
}
