package rr

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestATransactionExecutesWhatItsReadsStillAllow(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	must(t, c.Set(ctx, "balance", 10, 0))
	var left *Result[int64]
	must(t, c.Watch(ctx, func(tx *Tx) error {
		balance := got(got(tx.Do(ctx, "GET", "balance"))(t).Int())(t)
		same(t, "the balance", balance, 10)
		same(t, "the same, typed", got(tx.Get(ctx, "balance"))(t), "10")
		must(t, tx.Ping(ctx))
		values, err := tx.TxPipelined(ctx, func(p *Pipeline) error {
			left = p.DecrBy("balance", 3)
			p.LPush("balance", 1)
			NewScript("return ARGV[1]").Queue(p, nil, "scripted")
			return nil
		})
		same(t, "values", len(values), 3)
		isError(t, values[1].Err(), ErrServer, OutcomeNone)
		same(t, "what the script gave", got(values[2].Text())(t), "scripted")
		return err
	}, "balance"))
	same(t, "what is left", left.Val(), 7)
}

func TestAKeyThatWasChangedIsAConflictAndNothingIsApplied(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	ctx := ctxOf(t)
	var set *Result[None]
	err := c.Watch(ctx, func(tx *Tx) error {
		s.Must(t, "SET", "k", "other")
		_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { set = p.Set("k", "mine", 0); return nil })
		return err
	}, "k")
	isError(t, err, ErrConflict, OutcomeNotApplied)
	isError(t, set.Err(), TxFailedErr, OutcomeNotApplied)
	same(t, "the value", got(c.Get(ctx, "k"))(t), "other")
}

func TestTransactBeginsAnewAfterAConflictWithFreshReads(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	const goroutines, each = 8, 25
	var all sync.WaitGroup
	for range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			for range each {
				err := c.Transact(ctx, 1000, func(tx *Tx) error {
					n, err := tx.Get(ctx, "n")
					if err != nil && !errors.Is(err, ErrNil) {
						return err
					}
					number, _ := strconv.Atoi(n)
					_, err = tx.TxPipelined(ctx, func(p *Pipeline) error { p.Set("n", number+1, 0); return nil })
					return err
				}, "n")
				if err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	all.Wait()
	same(t, "the number", got(c.Get(ctx, "n"))(t), strconv.Itoa(goroutines*each))
}

func TestTransactEndsAfterItsAttemptsOrWithAnotherErrorOrItsContext(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	ctx := ctxOf(t)
	calls := 0
	conflict := func(tx *Tx) error {
		calls++
		s.Must(t, "INCR", "k")
		_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { p.Ping(); return nil })
		return err
	}
	isError(t, c.Transact(ctx, 3, conflict, "k"), ErrConflict, OutcomeNotApplied)
	same(t, "calls", calls, 3)
	mine := errors.New("mine")
	if err := c.Transact(ctx, 3, func(*Tx) error { calls++; return mine }, "k"); err != mine || calls != 4 {
		t.Errorf("%v after %d calls", err, calls)
	}
	isError(t, c.Transact(ctx, 0, conflict, "k"), ErrInvalidArgument, OutcomeNotApplied)
	short, cancel := context.WithCancel(ctx)
	err := c.Transact(short, 1000, func(tx *Tx) error { cancel(); return conflict(tx) }, "k")
	isError(t, err, context.Canceled, OutcomeNotApplied)
}

func TestATransactionIsOverAfterItsFunctionAndItsConnectionIsUsedAgain(t *testing.T) {
	t.Parallel()
	_, c := started(t, "private_max_connections=1")
	ctx := ctxOf(t)
	var kept *Tx
	for range 3 {
		must(t, c.Watch(ctx, func(tx *Tx) error {
			kept = tx
			_, err := tx.Get(ctx, "k")
			if !errors.Is(err, ErrNil) {
				return err
			}
			return nil
		}, "k"))
	}
	func() {
		defer func() { same(t, "the panic", recover().(string), "through") }()
		c.Watch(ctx, func(*Tx) error { panic("through") }, "k")
	}()
	must(t, c.Watch(ctx, func(*Tx) error { return nil }, "k"))
	_, err := kept.Get(ctx, "k")
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
	isError(t, kept.Unwatch(), ErrInvalidArgument, OutcomeNotApplied)
	_, err = kept.TxPipelined(ctx, func(p *Pipeline) error { p.Ping(); return nil })
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
}

func TestMoreKeysCanBeWatchedAndAllBeForgotten(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	ctx := ctxOf(t)
	err := c.Watch(ctx, func(tx *Tx) error {
		must(t, tx.Watch(ctx, "b", "c\x00"))
		s.Must(t, "SET", "c\x00", "1")
		_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { p.Ping(); return nil })
		return err
	}, "a")
	isError(t, err, ErrConflict, OutcomeNotApplied)
	must(t, c.WatchWith(ctx, TxOptions{NoRetry: true, Timeout: time.Second}, func(tx *Tx) error {
		s.Must(t, "SET", "a", "1")
		must(t, tx.Unwatch())
		_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { p.Ping(); return nil })
		isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
		must(t, tx.Watch(ctx, "a"))
		p := tx.TxPipeline()
		p.Ping()
		_, err = p.Exec(ctx)
		return err
	}, "a"))
}

func TestACommandThatCannotBeQueuedAbortsAllAndABadOneIsNotSent(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	err := c.Watch(ctx, func(tx *Tx) error {
		_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { p.Set("k", 1, 0); p.Do("NOSUCH"); return nil })
		return err
	}, "k")
	isError(t, err, ErrServer, OutcomeNotApplied)
	if !IsServerError(err, "EXECABORT") {
		t.Errorf("%v", err)
	}
	must(t, c.Watch(ctx, func(tx *Tx) error {
		_, err := tx.Do(ctx, "GET", nil)
		isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
		_, err = tx.Do(ctx)
		isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
		_, err = tx.Do(ctx, "SUBSCRIBE", "c")
		isError(t, err, ErrUnsupported, OutcomeNotApplied)
		return nil
	}, "k"))
	same(t, "keys", got(c.Exists(ctx, "k"))(t), 0)
}

func TestAConnectionThatIsCutWhileItWatchesIsAConflict(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	proxy := redistest.Between(t, s)
	c := open(t, proxy.URL())
	ctx := ctxOf(t)
	calls := 0
	must(t, c.Transact(ctx, 5, func(tx *Tx) error {
		if calls++; calls == 1 {
			proxy.Cut()
		}
		_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { p.Incr("n"); return nil })
		if calls == 1 {
			isError(t, err, ErrConflict, OutcomeNotApplied)
		}
		return err
	}, "n"))
	same(t, "the number", got(c.Get(ctx, "n"))(t), "1")
}

func TestATransactionEndsWithItsContextAndLeavesNothing(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "command_timeout_ms=400")
	err := c.Watch(ctxOf(t), func(tx *Tx) error {
		s.Freeze()
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(100*time.Millisecond, cancel)
		began := time.Now()
		_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { p.Incr("n"); return nil })
		isError(t, err, context.Canceled, OutcomeUnknown)
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("it took %v", took)
		}
		_, err = tx.Get(ctxOf(t), "n")
		isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
		return nil
	}, "n")
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	err = c.Watch(ctx, func(*Tx) error { t.Error("it was called"); return nil }, "n")
	isError(t, err, context.DeadlineExceeded, OutcomeNotApplied)
	s.Thaw()
}

func TestTwoGoroutinesInOneTransactionAreTold(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	ctx := ctxOf(t)
	must(t, c.Watch(ctx, func(tx *Tx) error {
		s.Freeze()
		done := make(chan error, 1)
		go func() { done <- tx.Ping(ctx) }()
		eventually(t, "the other is in a call", func() bool {
			if tx.mu.TryLock() {
				tx.mu.Unlock()
				return false
			}
			return true
		})
		isError(t, tx.Ping(ctx), ErrBusy, OutcomeNotApplied)
		isError(t, tx.Unwatch(), ErrBusy, OutcomeNone)
		s.Thaw()
		must(t, <-done)
		return nil
	}, "k"))
}

func TestClosingEndsTransactionsAndNoneBegins(t *testing.T) {
	leavesNothing(t)
	s, c := started(t)
	ctx := ctxOf(t)
	err := c.Watch(ctx, func(tx *Tx) error {
		s.Freeze()
		defer s.Thaw()
		done := make(chan error, 1)
		go func() { done <- tx.Ping(ctx) }()
		eventually(t, "it is in a call", func() bool { return len(c.waits) > 0 })
		if _, err := c.CloseWithin(0); err != nil {
			return err
		}
		if err := <-done; err == nil {
			t.Error("it was answered")
		}
		return nil
	}, "k")
	must(t, err)
	isError(t, c.Watch(ctx, func(*Tx) error { return nil }, "k"), ErrClosed, OutcomeNotApplied)
}

func TestCallsThatWaitInCAreBoundedAndWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := open(t, s.URL("command_timeout_ms=1500"), WithMaxWaits(1))
	ctx := ctxOf(t)
	s.Must(t, "SET", "k", "v")
	must(t, c.WaitReady(ctx))
	watch := func(ctx context.Context, options TxOptions) error {
		return c.WatchWith(ctx, options, func(tx *Tx) error { return second(tx.Get(ctx, "k")) }, "k")
	}
	must(t, watch(ctx, TxOptions{}))
	s.Freeze()
	first := make(chan error, 1)
	go func() { first <- watch(context.Background(), TxOptions{}) }()
	eventually(t, "the first waits in C", func() bool { return len(c.waits) == 1 })
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	isError(t, watch(short, TxOptions{}), context.DeadlineExceeded, OutcomeNotApplied)
	// The time for the call passes while it waits for its turn.
	isError(t, watch(context.Background(), TxOptions{Timeout: 20 * time.Millisecond}), ErrTimeout, OutcomeNotApplied)
	if err := <-first; !errors.Is(err, ErrTimeout) && !errors.Is(err, ErrConflict) {
		t.Errorf("%v", err)
	}
	s.Thaw()
	must(t, watch(ctx, TxOptions{}))
}

func TestWhatWasGivenUpHoldsItsPlaceForNoLongerThanOneCallMayTake(t *testing.T) {
	leavesNothing(t)
	s := redistest.Start(t)
	c := open(t, s.URL("command_timeout_ms=400"), WithMaxWaits(2))
	must(t, c.WaitReady(ctxOf(t)))
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	for range 2 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		time.AfterFunc(50*time.Millisecond, cancel)
		err := c.Watch(ctx, func(*Tx) error { return nil }, "k")
		isError(t, err, context.Canceled, OutcomeNotApplied)
	}
	began := time.Now()
	eventually(t, "the places are free", func() bool { return len(c.waits) == 0 })
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestATransactionBeginsAfterAnOutageThatIsLongerThanOneCallMayTake(t *testing.T) {
	t.Parallel()
	s, c := started(t, "command_timeout_ms=300", "outage_grace_ms=0", "reconnect_max_delay_ms=20")
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	began := time.Now()
	err := c.Watch(context.Background(), func(*Tx) error { return nil }, "k")
	isError(t, err, ErrTimeout, OutcomeNotApplied)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("without a deadline it took %v", took)
	}
	done := make(chan error, 1)
	go func() { done <- c.Watch(ctxOf(t), func(tx *Tx) error { return tx.Ping(ctxOf(t)) }, "k") }()
	time.Sleep(700 * time.Millisecond) // longer than two calls
	s.Restart(t)
	must(t, <-done)
}

func TestNothingIsWatchedAfterAnExecutionThatDidNotComeAbout(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	mine := errors.New("mine")
	over, cancel := context.WithCancel(ctx)
	cancel()
	for what, execute := range map[string]func(tx *Tx) error{
		"a bad argument": func(tx *Tx) error {
			return second(tx.TxPipelined(ctx, func(p *Pipeline) error { p.Set("k", struct{}{}, 0); return nil }))
		},
		"an error of the function": func(tx *Tx) error { return second(tx.TxPipelined(ctx, func(*Pipeline) error { return mine })) },
		"a context that has ended": func(tx *Tx) error {
			return second(tx.TxPipelined(over, func(p *Pipeline) error { p.Ping(); return nil }))
		},
	} {
		must(t, c.Watch(ctx, func(tx *Tx) error {
			if err := execute(tx); err == nil {
				t.Errorf("%s: it was executed", what)
			}
			_, err := tx.TxPipelined(ctx, func(p *Pipeline) error { p.Incr("n"); return nil })
			isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
			return nil
		}, "k"))
	}
}

func TestACallOnATransactionEndsSoonAfterItsDeadline(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	must(t, c.Watch(context.Background(), func(tx *Tx) error {
		s.Freeze()
		defer s.Thaw()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := tx.Get(ctx, "k")
		isError(t, err, context.DeadlineExceeded, OutcomeUnknown)
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("it took %v", took)
		}
		return nil
	}, "k"))
}
