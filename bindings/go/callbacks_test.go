package rr

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestCredentialsComeFromTheProgram(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Must(t, "ACL", "SETUSER", "app", "on", "allkeys", "allcommands", ">first")
	var password atomic.Value
	password.Store("first")
	var asked atomic.Int32
	c := open(t, s.URL(), WithCredentials(func(context.Context) (Credentials, error) {
		if asked.Add(1) == 1 {
			return Credentials{}, errors.New("none yet")
		}
		return Credentials{Username: "app", Password: password.Load().(string), ValidFor: 2 * time.Second}, nil
	}))
	ctx := ctxOf(t)
	same(t, "the user", got(got(c.Do(ctx, "ACL", "WHOAMI"))(t).Text())(t), "app")
	before := asked.Load()
	eventually(t, "they are asked for again before they expire", func() bool { return asked.Load() > before })
	must(t, c.Ping(ctx))
}

func TestACredentialsFunctionThatWaitsEndsWhenTheClientCloses(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	entered := make(chan struct{}, 10)
	c := got(Open(s.URL(), WithCredentials(func(ctx context.Context) (Credentials, error) {
		entered <- struct{}{}
		<-ctx.Done()
		return Credentials{}, ctx.Err()
	})))(t)
	<-entered
	began := time.Now()
	if _, err := c.CloseWithin(0); err != nil || time.Since(began) > longest/2 {
		t.Errorf("closing took %v: %v", time.Since(began), err)
	}
}

func TestNamesAreLookedUpByTheProgram(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	var host atomic.Value
	c := open(t, "redis://the.primary:1", WithResolver(func(_ context.Context, name string, port uint16) ([]netip.AddrPort, error) {
		host.Store(name)
		if port != 1 {
			return nil, errors.New("another port was asked for")
		}
		return []netip.AddrPort{netip.MustParseAddrPort(s.Addr())}, nil
	}))
	must(t, c.Ping(ctxOf(t)))
	same(t, "the name that was asked for", host.Load().(string), "the.primary")
}

// lines collects a log.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) log(level LogLevel, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, level.String()+" "+line)
}

func (l *lines) have(part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.all, "\n"), part)
}

func TestWhatAFunctionOfTheProgramCannotDoIsAFailedAttemptAndSaidInTheLog(t *testing.T) {
	t.Parallel()
	var log lines
	c := open(t, "redis://nowhere:1", WithLog(LogDebug, log.log), WithResolver(func(_ context.Context, name string, _ uint16) ([]netip.AddrPort, error) {
		if log.have("failed") {
			return []netip.AddrPort{{}}, nil
		}
		return nil, errors.New("the registry is away")
	}))
	eventually(t, "the failure is said", func() bool { return log.have("the resolver function failed: the registry is away") })
	eventually(t, "what is no address is said", func() bool { return log.have("which is no address and port") })
	if err := c.With(CommandOptions{Timeout: 50 * time.Millisecond}).Ping(ctxOf(t)); !errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}

func TestTheLogGoesToALogger(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	var text safeBuffer
	c := got(Open(s.URL(), WithLogger(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))))(t)
	must(t, c.Ping(ctxOf(t)))
	must(t, c.Close())
	for _, want := range []string{"level=DEBUG", "level=INFO", "the server speaks"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the log has no %s:\n%s", want, text.String())
		}
	}
	_, level := SlogSink(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelWarn})))
	same(t, "the level of a logger that takes warnings", level, LogWarning)
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestPanicsInFunctionsOfTheProgramAreContainedAndReported(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	reports := make(chan Panic, 1000)
	var log atomic.Int32
	var resolved, asked atomic.Bool
	c := open(t, strings.Replace(s.URL(), "127.0.0.1", "name", 1),
		WithOnPanic(func(p Panic) { reports <- p; panic("here, too") }),
		WithLog(LogDebug, func(LogLevel, string) {
			if log.Add(1) == 1 {
				panic("in the log")
			}
		}),
		WithResolver(func(context.Context, string, uint16) ([]netip.AddrPort, error) {
			if resolved.CompareAndSwap(false, true) {
				panic("in the resolver")
			}
			return []netip.AddrPort{netip.MustParseAddrPort(s.Addr())}, nil
		}),
		WithCredentials(func(context.Context) (Credentials, error) {
			if asked.CompareAndSwap(false, true) {
				panic(errors.New("in the credentials"))
			}
			return Credentials{Password: "any"}, nil
		}))
	s.Must(t, "CONFIG", "SET", "requirepass", "any")
	ctx := ctxOf(t)
	must(t, c.Ping(ctx))
	seen := map[string]string{}
	for len(seen) < 3 {
		select {
		case p := <-reports:
			seen[p.Where] = string(p.Stack)
		case <-ctx.Done():
			t.Fatalf("not all was reported: %v", seen)
		}
	}
	for _, where := range []string{"log", "resolver", "credentials"} {
		if !strings.Contains(seen[where], "callbacks_test.go") {
			t.Errorf("%s: the stack does not say where: %s", where, seen[where])
		}
	}
}

func TestAPanicIsSaidInTheLogWhenNobodyElseIsNamed(t *testing.T) {
	var log lines
	h := newHooks()
	defer h.end()
	h.log = log.log
	h.deliver(func(*Message) { panic("oh") }, nil)
	if !log.have("RR_LOG_ERROR the program's subscription function panicked: oh") {
		t.Errorf("%q", log.all)
	}
	var text safeBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, nil)))
	defer slog.SetDefault(before)
	h.log = nil
	h.deliver(func(*Message) { panic("oh") }, nil)
	h.report(Panic{Where: "log", Value: "no"})
	if out := text.String(); !strings.Contains(out, "where=subscription panic=oh") || !strings.Contains(out, "where=log panic=no") {
		t.Errorf("%s", out)
	}
}

func TestLinesOfTheLogComeOneAtATimeAndNobodyWaitsForAnothers(t *testing.T) {
	t.Parallel()
	var running, together, notes atomic.Int32
	c := open(t, "redis://nowhere:1?reconnect_max_delay_ms=10", WithLog(LogDebug, func(_ LogLevel, line string) {
		if running.Add(1) > 1 {
			together.Add(1)
		}
		if strings.HasPrefix(line, "the resolver function failed") {
			notes.Add(1)
		}
		time.Sleep(time.Millisecond)
		running.Add(-1)
	}), WithResolver(func(context.Context, string, uint16) ([]netip.AddrPort, error) {
		return nil, errors.New("no")
	}))
	eventually(t, "both of them are said", func() bool {
		c.Reconnect()
		return notes.Load() > 100
	})
	same(t, "lines at the same time", together.Load(), 0)
}

func TestALineThatIsSaidWhileAnotherIsComesAfterItAndTooManyAreCounted(t *testing.T) {
	h := newHooks()
	defer h.end()
	var said []string
	h.log = func(_ LogLevel, line string) {
		said = append(said, line)
		if line == "first" {
			for range mostWaitingLines + 5 {
				h.note("inner")
			}
			panic("contained")
		}
	}
	h.onPanic = func(Panic) {}
	h.note("first")
	h.note("last")
	same(t, "how many were said", len(said), mostWaitingLines+3)
	same(t, "the second", said[1], "inner")
	same(t, "the one before the last", said[len(said)-2], "5 lines were dropped, for which the program's log function was too slow")
	same(t, "the last", said[len(said)-1], "last")
}

func TestFunctionsOfAClientThatIsClosedAreForgotten(t *testing.T) {
	s := redistest.Start(t)
	config := got(ConfigFromURL(s.URL()))(t)
	gone := make(chan struct{})
	func() {
		kept := new([1 << 10]byte)
		runtime.AddCleanup(kept, func(int) { close(gone) }, 0)
		config.Log = func(LogLevel, string) { kept[0]++ }
		config.Resolver = func(context.Context, string, uint16) ([]netip.AddrPort, error) {
			kept[1]++
			return []netip.AddrPort{netip.MustParseAddrPort(s.Addr())}, nil
		}
		c := got(OpenConfig(config))(t)
		must(t, c.Ping(ctxOf(t)))
		must(t, c.Close())
		config.Log, config.Resolver = nil, nil
	}()
	eventually(t, "what the functions held is collected, though the config lives", func() bool {
		runtime.GC()
		select {
		case <-gone:
			return true
		default:
			return false
		}
	})
	if _, err := OpenConfig(config); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "make another Config") {
		t.Errorf("%v", err)
	}
}
