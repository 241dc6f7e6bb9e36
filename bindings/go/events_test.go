package rr

import (
	"context"
	"slices"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestAnOutageIsToldByEventsFromItsFirstToItsLastMoment(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "outage_grace_ms=0")
	ctx, cancel := context.WithCancel(ctxOf(t))
	events := c.Events(ctx)
	same(t, "the first", (<-events).Kind, EventConnected)
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	must(t, c.Set(ctx, "k", "v", 0))
	s.Restart(t)
	var kinds []EventKind
	var failover *Failover
	for event := range events {
		if event.Kind == EventFailover {
			failover = event.Failover
		}
		if event.Message == "" || time.Since(event.Time) > longest || event.Kind.String() == "unknown" {
			t.Errorf("%+v", event)
		}
		if event.Kind == EventReconnecting {
			if event.Attempt == 0 {
				t.Errorf("%+v", event)
			}
			continue
		}
		kinds = append(kinds, event.Kind)
		if event.Kind == EventDrained {
			same(t, "what was sent", event.Count, 1)
		}
		if event.Kind == EventConnected {
			break
		}
	}
	for _, want := range []EventKind{EventDisconnected, EventBuffering, EventFailover, EventDrained} {
		if !slices.Contains(kinds, want) {
			t.Errorf("there is no %v in %v", want, kinds)
		}
	}
	if failover == nil || failover.Server != ServerRestarted || failover.OldRunID == failover.NewRunID || failover.NewRunID == "" {
		t.Errorf("%+v", failover)
	}
	cancel()
	eventually(t, "the channel is closed", func() bool {
		select {
		case _, open := <-events:
			return !open
		default:
			return false
		}
	})
}

func TestWaitingForAnEventEndsWithItsContextAndWithTheClient(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := open(t, s.URL())
	same(t, "the first", got(c.NextEvent(ctxOf(t)))(t).Kind, EventConnected)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	isError(t, second(c.NextEvent(ctx)), context.DeadlineExceeded, OutcomeNone)
	waiting := make(chan error, 1)
	go func() {
		for {
			if _, err := c.NextEvent(context.Background()); err != nil {
				waiting <- err
				return
			}
		}
	}()
	must(t, c.Close())
	isError(t, <-waiting, ErrClosed, OutcomeOf(closedError()))
}
