package rr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestAPipelineGivesOneValueForEachCommandAndErrorsInTheirPlace(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	p := c.Pipeline()
	set := p.Set("text", "abc", 0)
	wrong := p.Incr("text")
	length := p.StrLen("text")
	missing := p.Get("nothing")
	raw := p.Do("ECHO", "hello")
	script := p.Eval("return redis.call('INCR', KEYS[1])", []string{"text"})
	same(t, "commands that wait", p.Len(), 6)
	if !errors.Is(set.Err(), ErrNotExecuted) || !errors.Is(length.Err(), ErrNotExecuted) {
		t.Error("there are results before it was executed")
	}
	values, err := p.Exec(ctx)
	must(t, err)
	same(t, "values", len(values), 6)
	must(t, set.Err())
	isError(t, wrong.Err(), ErrServer, OutcomeNotApplied)
	isError(t, script.Err(), ErrServer, OutcomeUnknown)
	if !IsServerError(values[1].Err(), "ERR") {
		t.Errorf("%v", values[1])
	}
	same(t, "the length", length.Val(), 3)
	if !errors.Is(missing.Err(), ErrNil) {
		t.Errorf("%v", missing.Err())
	}
	same(t, "what was echoed", got(got(raw.Result())(t).Text())(t), "hello")
	same(t, "commands that are left", p.Len(), 0)
	same(t, "buffered", p.Buffered(), false)
	values, err = p.Exec(ctx)
	must(t, err)
	same(t, "values of an empty one", len(values), 0)
}

func TestNothingIsSentOfAPipelineThatCannotBeFilled(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	mine := errors.New("mine")
	_, err := c.Pipelined(ctx, func(p *Pipeline) error {
		p.Set("k", 1, 0)
		return mine
	})
	if !errors.Is(err, mine) {
		t.Errorf("%v", err)
	}
	var set *Result[None]
	_, err = c.Pipelined(ctx, func(p *Pipeline) error {
		set = p.Set("k", 1, 0)
		p.Set("k", struct{}{}, 0)
		return nil
	})
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
	isError(t, set.Err(), ErrInvalidArgument, OutcomeNotApplied)
	_, err = c.Pipelined(ctx, func(p *Pipeline) error { p.Do(); return nil })
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
	_, err = c.Pipelined(ctx, func(p *Pipeline) error { p.Do("BLPOP", "k", 0); return nil })
	isError(t, err, ErrUnsupported, OutcomeNotApplied)
	_, err = c.PipelineWith(PipelineOptions{Timeout: -1}).filledBy(ctx, func(p *Pipeline) error { p.Ping(); return nil })
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
	same(t, "keys", got(c.Exists(ctx, "k"))(t), 0)
}

func TestAnAtomicPipelineIsAllOrNothing(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	var count *Result[int64]
	values, err := c.TxPipelined(ctx, func(p *Pipeline) error {
		p.RPush("list", 1, 2)
		count = p.LLen("list")
		return nil
	})
	must(t, err)
	same(t, "values", len(values), 2)
	same(t, "the length", count.Val(), 2)
	var push *Result[int64]
	_, err = c.TxPipelined(ctx, func(p *Pipeline) error {
		push = p.RPush("list", 3)
		p.Do("NOSUCHCOMMAND")
		return nil
	})
	if !errors.Is(err, ErrServer) || OutcomeOf(err) != OutcomeNotApplied || push.Err() == nil {
		t.Errorf("%v, %v", err, push.Err())
	}
	same(t, "the length", got(c.LLen(ctx, "list"))(t), 2)
}

func TestAPipelineOfWritesIsBufferedAsOneUnitAndArrives(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=0")
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	s.Kill()
	p := c.Pipeline()
	set, incr := p.Set("k", "v", 0), p.Incr("n")
	NewScript("return redis.call('INCR', KEYS[1])").Queue(p, []string{"n"})
	values, err := p.Exec(ctx)
	must(t, err)
	if values != nil || !p.Buffered() || set.Err() != nil || !errors.Is(incr.Err(), ErrBuffered) {
		t.Errorf("%v, %v, %v, %v", values, p.Buffered(), set.Err(), incr.Err())
	}
	same(t, "buffered commands", c.Buffered(), 3)
	s.Restart(t)
	must(t, c.Flush(ctx))
	same(t, "the text", got(c.Get(ctx, "k"))(t), "v")
	same(t, "the number", got(c.Get(ctx, "n"))(t), "2")
	p.Get("k")
	_, err = p.Exec(ctx)
	must(t, err)
	same(t, "buffered", p.Buffered(), false)
}

func TestAPipelineThatIsNotBufferedWaitsForItsReplies(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=0")
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	s.Kill()
	done := make(chan error, 1)
	var incr *Result[int64]
	go func() {
		_, err := c.PipelineWith(PipelineOptions{NoBuffer: true, Timeout: longest}).filledBy(ctx, func(p *Pipeline) error {
			incr = p.Incr("n")
			return nil
		})
		done <- err
	}()
	s.Restart(t)
	must(t, <-done)
	same(t, "the number", incr.Val(), 1)
}

func TestAPipelineThatIsAnsweredInPartSaysWhichPart(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, "--enable-debug-command", "yes")
	c := open(t, s.URL("delivery=at_most_once"))
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	var first, slow, last *Result[Value]
	values, err := c.PipelineWith(PipelineOptions{Timeout: 300 * time.Millisecond}).filledBy(ctx, func(p *Pipeline) error {
		first = p.Do("INCR", "n")
		slow = p.Do("DEBUG", "SLEEP", "1")
		last = p.Do("INCR", "n")
		return nil
	})
	isError(t, err, ErrTimeout, OutcomeUnknown)
	if values != nil {
		same(t, "values", len(values), 3)
		same(t, "the first", got(first.Val().Int())(t), 1)
	} else if first.Err() == nil {
		t.Error("a result without values")
	}
	isError(t, slow.Err(), ErrTimeout, OutcomeUnknown)
	isError(t, last.Err(), ErrTimeout, OutcomeUnknown)
}

func TestAPipelineEndsWithItsContextAndLeavesNothing(t *testing.T) {
	leavesNothing(t)
	s, c := started(t)
	s.Freeze()
	defer s.Thaw()
	ctx, cancel := context.WithCancel(context.Background())
	cancelWhenWritten(t, c, cancel)
	began := time.Now()
	var incr *Result[int64]
	_, err := c.Pipelined(ctx, func(p *Pipeline) error { incr = p.Incr("n"); return nil })
	if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrCancelled) || !errors.Is(incr.Err(), ErrCancelled) {
		t.Errorf("%v, %v", err, incr.Err())
	}
	same(t, "the outcome", OutcomeOf(err), OutcomeUnknown)
	ctx, cancel = context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	_, err = c.TxPipelined(ctx, func(p *Pipeline) error { p.Incr("n"); return nil })
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
	_, err = c.Pipelined(ctx, func(p *Pipeline) error { p.Incr("n"); return nil })
	isError(t, err, ErrTimeout, OutcomeNotApplied)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestAPipelineOfAClosedClientIsRefused(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	must(t, c.Close())
	_, err := c.Pipelined(ctxOf(t), func(p *Pipeline) error { p.Incr("n"); return nil })
	isError(t, err, ErrClosed, OutcomeNotApplied)
}

func TestALargePipelineHoldsNoThreadForEachOfManyGoroutines(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	const goroutines, commands = 200, 50
	done := make(chan error, goroutines)
	for range goroutines {
		go func() {
			var last *Result[int64]
			_, err := c.Pipelined(ctx, func(p *Pipeline) error {
				for range commands {
					last = p.Incr("n")
				}
				p.Set("text", strings.Repeat("x", 1000), 0)
				return nil
			})
			if err == nil {
				err = last.Err()
			}
			done <- err
		}()
	}
	for range goroutines {
		must(t, <-done)
	}
	same(t, "the number", got(got(c.Get(ctx, "n"))(t), error(nil))(t), "10000")
}

func TestAtomicPipelinesThroughKillsAreAllOrNothing(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=20", "reconnect_max_delay_ms=20")
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			key := fmt.Sprint("pair:", i)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				_, err := c.TxPipelined(ctx, func(p *Pipeline) error {
					p.Set(key+":a", n, 0)
					p.Set(key+":b", n, 0)
					return nil
				})
				if err != nil {
					t.Errorf("%v", err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
	for range 3 {
		before := got(c.Stats())(t).Commands
		eventually(t, "pipelines flow", func() bool { return got(c.Stats())(t).Commands > before+200 })
		s.Kill()
		eventually(t, "some are buffered", func() bool { return c.Buffered() > 20 })
		s.Restart(t)
		for i := range 4 {
			pair := s.Must(t, "MGET", fmt.Sprint("pair:", i, ":a"), fmt.Sprint("pair:", i, ":b")).([]any)
			same(t, "the two of a pair", pair[0], pair[1])
		}
		eventually(t, "it is back", func() bool { return c.State() == StateReady })
	}
	close(stop)
	all.Wait()
	must(t, c.Flush(ctx))
	same(t, "failed", c.FailedCount(), 0)
}
