package rr

import (
	"context"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestTheStateIsToldAndWaitedFor(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=0", "reconnect_max_delay_ms=3600000")
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	same(t, "the state", c.State(), StateReady)
	same(t, "its name", c.State().String(), "RR_STATE_READY")
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	must(t, c.Set(ctx, "k", "v", 0))
	same(t, "buffered", c.Buffered(), 1)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	isError(t, c.WaitReady(short), context.DeadlineExceeded, OutcomeNone)
	isError(t, c.Flush(short), ErrTimeout, OutcomeNone)
	stopped, stop := context.WithCancel(ctx)
	time.AfterFunc(10*time.Millisecond, stop)
	isError(t, c.Flush(stopped), context.Canceled, OutcomeNone)
	s.Restart(t)
	must(t, c.Reconnect())
	must(t, c.Flush(ctx))
	same(t, "buffered", c.Buffered(), 0)
	must(t, c.Close())
	same(t, "the state", c.State(), StateClosed)
	same(t, "buffered", c.Buffered(), 0)
	isError(t, c.WaitReady(ctx), ErrClosed, OutcomeNotApplied)
	isError(t, c.Flush(ctx), ErrClosed, OutcomeNotApplied)
	isError(t, c.Reconnect(), ErrClosed, OutcomeNotApplied)
}

func TestAClientThatGaveUpSaysSoAndComesBackWhenAsked(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Kill()
	c := open(t, s.URL("reconnect_tries=1", "reconnect_interval_ms=50", "outage_grace_ms=0"))
	ctx := ctxOf(t)
	eventually(t, "it gives up", func() bool { return c.State() == StateGaveUp })
	isError(t, c.WaitReady(ctx), ErrGaveUp, OutcomeNone)
	isError(t, c.Set(ctx, "k", "v", 0), ErrGaveUp, OutcomeNotApplied)
	s.Restart(t)
	must(t, c.Reconnect())
	eventually(t, "it is back", func() bool { return c.State() == StateReady })
	must(t, c.Set(ctx, "k", "v", 0))
}

func TestWhoWaitsForTheClientIsToldThatItCloses(t *testing.T) {
	leavesNothing(t)
	s := redistest.Start(t)
	s.Kill()
	c := open(t, s.URL())
	waiting := make(chan error, 1)
	go func() { waiting <- c.WaitReady(context.Background()) }()
	eventually(t, "the state", func() bool { return c.State() != StateReady })
	must(t, c.Close())
	err := <-waiting
	if OutcomeOf(err) == OutcomeUnknown {
		t.Errorf("%v", err)
	}
	isError(t, err, ErrClosed, OutcomeOf(err))
}
