package rr

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

// buffering gives a client with a write in its buffer, and its server, which is dead.
func buffering(t *testing.T, url string, s *redistest.Server, options ...Option) *Client {
	t.Helper()
	c := open(t, url, options...)
	must(t, c.WaitReady(ctxOf(t)))
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	must(t, c.Set(ctxOf(t), "k", "v", 0))
	same(t, "what is buffered", c.Buffered(), 1)
	return c
}

func TestClosingCanConnectToSendWhatIsBuffered(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	resolver := func(ctx context.Context, _ string, _ uint16) ([]netip.AddrPort, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return []netip.AddrPort{netip.MustParseAddrPort(s.Addr())}, nil
	}
	c := buffering(t, "redis://name:1?outage_grace_ms=0&reconnect_max_delay_ms=20", s, WithResolver(resolver))
	type result struct {
		report CloseReport
		err    error
	}
	done := make(chan result, 1)
	go func() {
		report, err := c.CloseWithin(longest)
		done <- result{report, err}
	}()
	eventually(t, "it closes", func() bool {
		return errors.Is(c.With(CommandOptions{Timeout: 10 * time.Millisecond}).Ping(ctxOf(t)), ErrClosed)
	})
	s.Restart(t)
	same(t, "what is left", <-done, result{CloseReport{Drained: 1}, nil})
}

func TestClosingTakesTheTimeThatItIsGivenAndNoMore(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := buffering(t, s.URL("outage_grace_ms=0"), s)
	began := time.Now()
	same(t, "what is lost", got(c.CloseWithin(400*time.Millisecond))(t).Lost, 1)
	if took := time.Since(began); took < 390*time.Millisecond || took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestClosingAgainMeanwhileWaitsAndReturnsTheSame(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := buffering(t, s.URL("outage_grace_ms=0"), s)
	reports := make(chan CloseReport, 3)
	for range cap(reports) {
		go func() {
			report, err := c.CloseWithin(300 * time.Millisecond)
			if err != nil {
				t.Error(err)
			}
			reports <- report
		}()
	}
	for range cap(reports) {
		same(t, "what is lost", (<-reports).Lost, 1)
	}
	same(t, "a later report", got(c.CloseWithin(0))(t), CloseReport{})
}

func TestClosingFromAFunctionThatTheLibraryCallsIsRefusedAndTheClientStaysOpen(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	refused := make(chan error, 3)
	ready := make(chan struct{})
	var client atomic.Pointer[Client]
	var inLog, inResolver, inCredentials sync.Once
	closing := func(once *sync.Once) {
		once.Do(func() {
			<-ready
			_, err := client.Load().CloseWithin(0)
			refused <- err
		})
	}
	s.Must(t, "CONFIG", "SET", "requirepass", "any")
	c := open(t, "redis://name:1", WithLog(LogDebug, func(LogLevel, string) { closing(&inLog) }),
		WithResolver(func(context.Context, string, uint16) ([]netip.AddrPort, error) {
			closing(&inResolver)
			return []netip.AddrPort{netip.MustParseAddrPort(s.Addr())}, nil
		}),
		WithCredentials(func(context.Context) (Credentials, error) {
			closing(&inCredentials)
			return Credentials{Password: "any"}, nil
		}))
	waiting := make(chan error, 1)
	go func() { waiting <- second(c.BLPop(context.Background(), 0, "none")) }()
	client.Store(c)
	close(ready)
	for range cap(refused) {
		isError(t, <-refused, StatusInCallback, OutcomeNone)
	}
	must(t, c.Ping(ctxOf(t)))
	must(t, c.Close())
	isError(t, <-waiting, ErrClosed, OutcomeNotApplied)
}

func TestWhileAClientClosesAFunctionOfTheProgramThatClosesItTooHoldsUpNothing(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	var client atomic.Pointer[Client]
	var refused atomic.Int32
	c := got(Open(s.URL(), WithLog(LogDebug, func(LogLevel, string) {
		if c := client.Load(); c != nil && errors.Is(c.Close(), StatusInCallback) {
			refused.Add(1)
		}
	})))(t)
	must(t, c.Ping(ctxOf(t)))
	client.Store(c)
	must(t, c.Close())
	if refused.Load() == 0 {
		t.Error("it was not called")
	}
}

func TestEventsThatWaitAreGivenAfterClosing(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := buffering(t, s.URL("outage_grace_ms=0"), s)
	must(t, second(c.CloseWithin(0)))
	seen := map[EventKind]bool{}
	for event := range c.Events(ctxOf(t)) {
		seen[event.Kind] = true
	}
	if !seen[EventConnected] || !seen[EventDisconnected] || !seen[EventBuffering] {
		t.Errorf("%v", seen)
	}
	if _, err := c.NextEvent(ctxOf(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestAnEventThatNobodyGotIsTheNext(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx, cancel := context.WithCancel(context.Background())
	events := c.Events(ctx)
	// Its goroutine has the event in hand, or takes it in vain.
	time.Sleep(50 * time.Millisecond)
	cancel()
	eventually(t, "it has ended", func() bool {
		select {
		case event, ok := <-events:
			if ok {
				c.events.giveBack(event)
			}
			return !ok
		default:
			return false
		}
	})
	same(t, "the next event", got(c.NextEvent(ctxOf(t)))(t).Kind, EventConnected)
}

func TestAMonitorThatIsGivenUpWhileItBeginsIsAboutNoCommand(t *testing.T) {
	t.Parallel()
	s, c := started(t, "command_timeout_ms=300", "outage_grace_ms=0", "reconnect_max_delay_ms=20")
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Monitor(ctx)
	isError(t, err, context.DeadlineExceeded, OutcomeNone)
}
