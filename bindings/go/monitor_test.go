package rr

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestAMonitorTellsCommandsWithTheirArguments(t *testing.T) {
	t.Parallel()
	_, c := started(t, "db=2")
	ctx := ctxOf(t)
	m := got(c.Monitor(ctx))(t)
	defer m.Close()
	must(t, c.Set(ctx, "k\x00", "\xff\r\n", 0))
	entry := until(t, m, func(e MonitorEntry) bool { return len(e.Args) == 3 && e.Args[0] == "SET" })
	same(t, "the key", entry.Args[1], "k\x00")
	same(t, "the value", entry.Args[2], "\xff\r\n")
	same(t, "the database", entry.DB, 2)
	if entry.IsGap() || entry.Address == "" || entry.Line == "" || time.Since(entry.Time).Abs() > time.Minute {
		t.Errorf("%+v", entry)
	}
}

// until takes entries up to one that is wanted.
func until(t *testing.T, m *Monitor, wanted func(MonitorEntry) bool) MonitorEntry {
	t.Helper()
	ctx := ctxOf(t)
	for {
		entry, err := m.Next(ctx)
		if ctx.Err() != nil {
			t.Fatalf("it did not come: %v", err)
		}
		if err == nil && wanted(entry) {
			return entry
		}
	}
}

func TestAMonitorComesBackAndTellsTheGap(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	proxy := redistest.Between(t, s)
	c := open(t, proxy.URL())
	m := got(c.Monitor(ctxOf(t)))(t)
	defer m.Close()
	proxy.Refuse()
	proxy.Admit()
	gap := until(t, m, MonitorEntry.IsGap)
	if gap.Gap < 0 || gap.Args != nil || gap.Line == "" {
		t.Errorf("%+v", gap)
	}
	s.Must(t, "SET", "after", "1")
	until(t, m, func(e MonitorEntry) bool { return slices.Equal(e.Args, []string{"SET", "after", "1"}) })
}

func TestAMonitorEndsWhenItOrItsClientIsClosedAndNextWithItsContext(t *testing.T) {
	leavesNothing(t)
	_, c := started(t)
	ctx := ctxOf(t)
	m := got(c.Monitor(ctx))(t)
	short, cancel := context.WithTimeout(ctx, time.Second)
	for {
		_, err := m.Next(short)
		if err == nil {
			cancel()
			continue
		}
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		break
	}
	cancel()
	must(t, m.Close())
	must(t, m.Close())
	eventually(t, "it ends", func() bool { return errors.Is(second(m.Next(ctx)), ErrClosed) })
	m = got(c.Monitor(ctx))(t)
	must(t, c.Close())
	eventually(t, "it ends", func() bool { return errors.Is(second(m.Next(ctx)), ErrClosed) })
	isError(t, second(c.Monitor(ctx)), ErrClosed, OutcomeNotApplied)
}

func TestAMonitorThatIsForgottenEnds(t *testing.T) {
	leavesNothing(t)
	_, c := started(t)
	func() { got(c.Monitor(ctxOf(t)))(t) }()
	eventually(t, "its goroutine is gone", func() bool { collect(); return ours() <= 1 })
}
