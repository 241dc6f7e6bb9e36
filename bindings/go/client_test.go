package rr

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestACommandEndsWithItsContextAndSaysWhatBecameOfIt(t *testing.T) {
	leavesNothing(t)
	s, c := started(t)
	s.Freeze()
	defer s.Thaw()
	ctx, cancel := context.WithCancel(context.Background())
	cancelWhenWritten(t, c, cancel)
	began := time.Now()
	_, err := c.Incr(ctx, "n")
	isError(t, err, context.Canceled, OutcomeUnknown)
	isError(t, err, ErrCancelled, OutcomeUnknown)
	_, err = c.Incr(ctx, "n")
	isError(t, err, context.Canceled, OutcomeNotApplied)
	ctx, cancel = context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err = c.Incr(ctx, "n")
	isError(t, err, context.DeadlineExceeded, OutcomeUnknown)
	isError(t, err, ErrTimeout, OutcomeUnknown)
	_, err = c.Do(ctx, "INCR", "n")
	isError(t, err, ErrTimeout, OutcomeNotApplied)
	_, err = c.With(CommandOptions{Timeout: 30 * time.Millisecond}).Get(context.Background(), "n")
	isError(t, err, ErrTimeout, OutcomeNotApplied) // it only reads
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("no context has ended")
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestACommandThatWaitsAtTheServerTakesNothingThatNobodyGets(t *testing.T) {
	leavesNothing(t)
	_, c := started(t)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(30*time.Millisecond, cancel)
	began := time.Now()
	_, err := c.BLPop(ctx, 0, "list")
	isError(t, err, context.Canceled, OutcomeNotApplied)
	ctx, cancel = context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	_, err = c.BLPop(ctx, 0, "list")
	isError(t, err, context.DeadlineExceeded, OutcomeNotApplied)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	must(t, second(c.RPush(ctxOf(t), "list", "kept")))
	same(t, "the element", got(c.LIndex(ctxOf(t), "list", 0))(t), "kept")
	waiting := make(chan error, 1)
	go func() { waiting <- second(c.BRPop(context.Background(), 0, "empty")) }()
	eventually(t, "it waits", func() bool { return strings.Contains(got(c.ClientList(ctxOf(t)))(t), "cmd=brpop") })
	must(t, c.Close())
	if err := <-waiting; !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestManyGoroutinesWaitAtTheServerAtOnce(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	const many = 40
	taken := make(chan string, many)
	for range many {
		go func() {
			element, err := c.BLPop(ctx, longest, "list")
			if err != nil {
				t.Error(err)
			}
			taken <- element.Value
		}()
	}
	for i := range many {
		must(t, second(c.RPush(ctx, "list", i)))
	}
	seen := map[string]bool{}
	for range many {
		seen[<-taken] = true
	}
	same(t, "different elements", len(seen), many)
}

func TestWhatChangesTheConnectionHoldsForAllThatFollows(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	ctx := ctxOf(t)
	must(t, second(c.Do(ctx, "SELECT", 3)))
	must(t, c.Set(ctx, "k", "v", 0))
	s.Kill()
	s.Restart(t)
	same(t, "the value", got(c.Get(ctx, "k"))(t), "v")
	_, err := c.Do(ctx, "SELECT", 99)
	isError(t, err, ErrServer, OutcomeNotApplied)
	for _, name := range []string{"SUBSCRIBE", "MULTI", "MONITOR"} {
		_, err := c.Do(ctx, name, "x")
		isError(t, err, ErrUnsupported, OutcomeNotApplied)
	}
}

func TestWritesThroughAKilledAndRestartedServerAllArriveInOrder(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=20", "reconnect_max_delay_ms=20")
	ctx := ctxOf(t)
	const writers, each = 8, 300
	var all sync.WaitGroup
	for writer := range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range each {
				_, err := c.RPush(ctx, fmt.Sprint("list:", writer), n)
				if err != nil && !errors.Is(err, ErrBuffered) {
					t.Errorf("%v", err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
	for range 2 {
		written := got(c.Stats())(t).Commands
		eventually(t, "some are written", func() bool { return got(c.Stats())(t).Commands > written+200 })
		s.Kill()
		eventually(t, "some are buffered", func() bool { return c.Buffered() > 50 })
		s.Restart(t)
		eventually(t, "it is back", func() bool { return c.State() == StateReady })
	}
	all.Wait()
	must(t, c.Flush(ctx))
	for writer := range writers {
		last := int64(-1)
		seen := map[int64]bool{}
		for _, n := range got(got(c.Do(ctx, "LRANGE", fmt.Sprint("list:", writer), 0, -1))(t).Ints())(t) {
			// What was sent and not answered is sent again: one may be there twice.
			if n != last+1 && !seen[n] {
				t.Fatalf("writer %d: %d follows %d", writer, n, last)
			}
			seen[n], last = true, n
		}
		same(t, "different numbers", len(seen), each)
	}
	same(t, "failed", c.FailedCount(), 0)
}

func TestDuringAnOutageWritesAreBufferedAndReadsSayThatTheyDidNotRun(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=0", "buffer_max_commands=3")
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	must(t, c.Set(ctx, "k", "v", 0))
	reply := got(c.Do(ctx, "INCR", "n"))(t)
	same(t, "buffered", reply.Buffered(), true)
	if _, err := c.Incr(ctx, "n"); !errors.Is(err, ErrBuffered) {
		t.Errorf("%v", err)
	}
	isError(t, c.Set(ctx, "k", "w", 0), ErrBufferFull, OutcomeNotApplied)
	_, err := c.With(CommandOptions{Timeout: 20 * time.Millisecond}).Get(ctx, "k")
	isError(t, err, ErrTimeout, OutcomeNotApplied)
	_, err = c.With(CommandOptions{Timeout: 20 * time.Millisecond, NoBuffer: true}).Incr(ctx, "n")
	isError(t, err, ErrTimeout, OutcomeNotApplied)
	waited := make(chan string, 1)
	go func() {
		value, err := c.Get(ctx, "n")
		if err != nil {
			t.Error(err)
		}
		waited <- value
	}()
	s.Restart(t)
	same(t, "what the read gives that waited", <-waited, "2")
}

func TestAConnectionThatIsCutCostsNoCommand(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	proxy := redistest.Between(t, s)
	c := open(t, proxy.URL("outage_grace_ms=10000"))
	ctx := ctxOf(t)
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			key := fmt.Sprint("key:", i)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := c.Set(ctx, key, n, 0); err != nil {
					t.Error(err)
					return
				}
				if value, err := c.Get(ctx, key); err != nil || value != fmt.Sprint(n) {
					t.Errorf("got %q, %v, want %d", value, err, n)
					return
				}
			}
		}()
	}
	for range 5 {
		before := got(c.Stats())(t)
		eventually(t, "commands flow", func() bool { return got(c.Stats())(t).Replies > before.Replies+50 })
		proxy.Cut()
		eventually(t, "the cut is noticed", func() bool { return got(c.Stats())(t).Disconnects > before.Disconnects })
	}
	close(stop)
	all.Wait()
}

func TestClosingDrainsAndTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=0")
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	must(t, c.Set(ctx, "k", "v", 0))
	must(t, c.Set(ctx, "k", "w", 0))
	_, err := c.CloseWithin(-1)
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
	report := got(c.CloseWithin(20 * time.Millisecond))(t)
	same(t, "what is lost", report.Lost, 2)
	same(t, "a second report", got(c.CloseWithin(0))(t), CloseReport{})
	must(t, c.Close())
	isError(t, c.Set(ctx, "k", "v", 0), ErrClosed, OutcomeNotApplied)
	isError(t, second(c.Do(ctx, "GET", "k")), ErrClosed, OutcomeNotApplied)
}

func TestClosingWhileManyAreInCallsEndsEveryCall(t *testing.T) {
	leavesNothing(t)
	_, c := started(t)
	var all sync.WaitGroup
	for i := range 50 {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				var err error
				switch i % 4 {
				case 0:
					_, err = c.Incr(context.Background(), "n")
				case 1:
					_, err = c.Pipelined(context.Background(), func(p *Pipeline) error { p.Incr("n"); return nil })
				case 2:
					_, err = NewScript("return 1").Run(context.Background(), c, nil)
				case 3:
					_, err = c.Stats()
				}
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Errorf("%v", err)
					}
					return
				}
			}
		}()
	}
	eventually(t, "commands flow", func() bool { return got(c.Stats())(t).Commands > 500 })
	must(t, c.Close())
	all.Wait()
}

func TestAClientThatIsForgottenIsClosed(t *testing.T) {
	leavesNothing(t)
	s := redistest.Start(t)
	connections := func() int { return strings.Count(s.Must(t, "CLIENT", "LIST").(string), "name=forgotten") }
	func() {
		c := got(Open(s.URL("client_name=forgotten")))(t)
		must(t, c.Ping(ctxOf(t)))
		same(t, "connections", connections(), 1)
	}()
	eventually(t, "its connection ends", func() bool { runtime.GC(); return connections() == 0 })
}
