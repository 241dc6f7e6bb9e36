package rr

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

// fieldOf gives a number of /proc/self/status.
func fieldOf(t testing.TB, name string) int {
	t.Helper()
	text := got(os.ReadFile("/proc/self/status"))(t)
	for _, line := range strings.Split(string(text), "\n") {
		if words := strings.Fields(line); len(words) > 1 && words[0] == name+":" {
			return got(strconv.Atoi(words[1]))(t)
		}
	}
	t.Fatalf("no %s", name)
	return 0
}

func TestTenThousandGoroutinesNeedAHandfulOfThreads(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "command_timeout_ms=15000")
	must(t, c.Set(ctxOf(t), "k", "v", 0))
	must(t, c.WaitReady(ctxOf(t)))
	before := fieldOf(t, "Threads")
	s.Freeze()
	const many = 10_000
	var wait sync.WaitGroup
	var failed atomic.Int64
	for i := range many {
		wait.Add(1)
		go func() {
			defer wait.Done()
			switch value, err := c.Get(ctxOf(t), "k"); {
			case err != nil || value != "v":
				failed.Add(1)
			case i%100 == 0:
				// Some in pipelines.
				if _, err := c.Pipelined(ctxOf(t), func(p *Pipeline) error { p.Get("k"); return nil }); err != nil {
					failed.Add(1)
				}
			}
		}()
	}
	eventually(t, "all are on their way", func() bool { return got(c.Stats())(t).InFlightNow >= many })
	// The runtime's own are among them.
	if threads := fieldOf(t, "Threads"); threads > before+200 {
		t.Errorf("%d threads, and %d before", threads, before)
	}
	s.Thaw()
	wait.Wait()
	same(t, "failures", failed.Load(), 0)
}

func TestWhatIsOnItsWayIsBoundedWithoutHoldingThreads(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "command_timeout_ms=15000", "max_submitted=100")
	must(t, c.Set(ctxOf(t), "n", 0, 0))
	must(t, c.WaitReady(ctxOf(t)))
	before := fieldOf(t, "Threads")
	s.Freeze()
	const many = 2000
	var wait sync.WaitGroup
	var failed atomic.Int64
	for range many {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if _, err := c.Incr(ctxOf(t), "n"); err != nil {
				failed.Add(1)
			}
		}()
	}
	eventually(t, "as many as may be are on their way", func() bool { return got(c.Stats())(t).InFlightNow >= 100 })
	if threads := fieldOf(t, "Threads"); threads > before+200 {
		t.Errorf("%d threads, and %d before", threads, before)
	}
	// Who waits for room leaves with its context.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := c.Incr(ctx, "n")
	isError(t, err, context.DeadlineExceeded, OutcomeNotApplied)
	s.Thaw()
	wait.Wait()
	same(t, "failures", failed.Load(), 0)
	same(t, "the count", got(c.Get(ctxOf(t), "n"))(t), strconv.Itoa(many))
}

func TestRepliesNeverReachAnotherCallWhateverIsCancelled(t *testing.T) {
	leavesNothing(t)
	_, c := started(t)
	const goroutines, calls = 50, 400
	for i := range goroutines {
		must(t, c.Set(ctxOf(t), fmt.Sprint("k", i), strings.Repeat(fmt.Sprint(i, ";"), i+1), 0))
	}
	var wait sync.WaitGroup
	var answered, cancelled atomic.Int64
	for i := range goroutines {
		wait.Add(1)
		go func() {
			defer wait.Done()
			want := strings.Repeat(fmt.Sprint(i, ";"), i+1)
			for range calls {
				ctx, cancel := context.WithCancel(context.Background())
				if rand.IntN(2) == 0 {
					go func() {
						if rand.IntN(2) == 0 {
							runtime.Gosched()
						}
						cancel()
					}()
				}
				value, err := c.Get(ctx, fmt.Sprint("k", i))
				cancel()
				switch {
				case err == nil && value == want:
					answered.Add(1)
				case errors.Is(err, context.Canceled) && OutcomeOf(err) == OutcomeNotApplied:
					cancelled.Add(1)
				default:
					t.Errorf("goroutine %d: %q, %v", i, value, err)
					return
				}
			}
		}()
	}
	wait.Wait()
	if answered.Load() == 0 || cancelled.Load() == 0 {
		t.Errorf("%d were answered, %d cancelled", answered.Load(), cancelled.Load())
	}
	eventually(t, "nothing is on its way", func() bool { return got(c.Stats())(t).InFlightNow == 0 })
}

func TestACancelledWriteWasAppliedOrNotAsItsOutcomeSays(t *testing.T) {
	_, c := started(t)
	const calls = 2000
	applied, unknown := 0, 0
	for i := range calls {
		ctx, cancel := context.WithCancel(context.Background())
		if i%2 == 0 {
			go cancel()
		}
		switch _, err := c.Incr(ctx, "n"); {
		case err == nil:
			applied++
		case errors.Is(err, context.Canceled) && OutcomeOf(err) == OutcomeUnknown:
			unknown++
		case errors.Is(err, context.Canceled) && OutcomeOf(err) == OutcomeNotApplied:
		default:
			t.Fatal(err)
		}
		cancel()
	}
	n := got(strconv.Atoi(got(c.Get(ctxOf(t), "n"))(t)))(t)
	if n < applied || n > applied+unknown {
		t.Errorf("%d are applied; %d were answered and %d of unknown outcome", n, applied, unknown)
	}
}

func TestMemoryStaysFlatOverManyCommands(t *testing.T) {
	_, c := started(t)
	ctx := ctxOf(t)
	for i := range 1000 {
		must(t, second(c.RPush(ctx, "list", fmt.Sprint("value ", i))))
	}
	work := func(rounds int) {
		var wait sync.WaitGroup
		for range 8 {
			wait.Add(1)
			go func() {
				defer wait.Done()
				for i := range rounds {
					if _, err := c.LRange(ctx, "list", 0, 99); err != nil {
						t.Error(err)
						return
					}
					if _, err := c.Do(ctx, "SET", "key", i); err != nil {
						t.Error(err)
						return
					}
					short, cancel := context.WithCancel(ctx)
					if i%10 == 0 {
						cancel()
					}
					c.Do(short, "LRANGE", "list", 0, 9)
					cancel()
				}
			}()
		}
		wait.Wait()
	}
	work(400)
	ofGo, ofC := redistest.Heap()
	work(1600)
	nowOfGo, nowOfC := redistest.Heap()
	if nowOfGo > ofGo+2<<20 || nowOfC > ofC+2<<20 {
		t.Errorf("Go's heap was %d bytes and is %d, that of C was %d and is %d", ofGo, nowOfGo, ofC, nowOfC)
	}
}

func TestACallThatIsUsedAgainHasNothingOfTheOneBefore(t *testing.T) {
	_, c := started(t)
	ctx := ctxOf(t)
	for range 50 {
		must(t, c.Set(ctx, "k", "text", 0))
		same(t, "an integer", got(c.Do(ctx, "STRLEN", "k"))(t).Interface(), any(int64(4)))
		same(t, "no value", got(c.Do(ctx, "GET", "none"))(t).Interface(), nil)
		if _, err := c.Do(ctx, "LPUSH", "k", "x"); !IsServerError(err, "WRONGTYPE") {
			t.Fatal(err)
		}
		same(t, "an empty list", len(got(c.LRange(ctx, "none", 0, -1))(t)), 0)
		same(t, "a text", got(c.Do(ctx, "GET", "k"))(t).Interface(), any("text"))
	}
}

func TestCallsThatAreGivenUpReturnWhileTheServerTakesNothingMore(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "command_timeout_ms=60000")
	s.Freeze()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	big := make([]byte, 1<<20)
	var wait sync.WaitGroup
	for range 200 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if err := c.Set(ctx, "k", big, 0); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}()
	}
	// More than the system's buffers hold: some of them wait for room, some to be written.
	eventually(t, "no more is written", func() bool {
		before := got(c.Stats())(t).BytesWritten
		time.Sleep(50 * time.Millisecond)
		return before > 0 && got(c.Stats())(t).BytesWritten == before
	})
	cancel()
	ended := make(chan struct{})
	go func() { wait.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(4 * time.Second):
		// Later they end with the connection.
		t.Error("they have not returned")
	}
	s.Thaw()
}
