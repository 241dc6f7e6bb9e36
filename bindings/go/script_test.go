package rr

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestAScriptRunsWhetherOrNotTheServerKnowsIt(t *testing.T) {
	t.Parallel()
	s, c := started(t)
	ctx := ctxOf(t)
	script := NewScript("return {KEYS[1], KEYS[2], #ARGV, ARGV[1], ARGV[2]}")
	for range 2 {
		reply := got(script.Run(ctx, c, []string{"a", "b\x00"}, 7, []byte("\x00c")))(t)
		same(t, "the reply", reply.String(), `["a", "b\x00", 2, "7", "\x00c"]`)
		s.Must(t, "SCRIPT", "FLUSH")
	}
	same(t, "one without keys", got(got(NewScript("return 5").Run(ctx, c, nil))(t).Int())(t), 5)
	runtime.GC()
	same(t, "again", got(got(script.RunRO(ctx, c, []string{"a", "b"}))(t).Slice())(t)[2].String(), "0")
}

func TestAScriptThatOnlyReadsIsHeldToThat(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	_, err := NewScript("return redis.call('SET', KEYS[1], 1)").RunRO(ctxOf(t), c, []string{"k"})
	if !IsServerError(err, "ERR") {
		t.Errorf("%v", err)
	}
}

func TestAMistakeInAScriptIsTheServersToFindAndItsOwnErrorIsOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	_, err := NewScript("this is not Lua").Run(ctx, c, nil)
	if !IsServerError(err, "ERR") {
		t.Errorf("%v", err)
	}
	_, err = NewScript("redis.call('SET', KEYS[1], 1); return redis.error_reply('MINE no')").Run(ctx, c, []string{"k"})
	isError(t, err, ErrServer, OutcomeUnknown)
	_, err = NewScript("return 1").Run(ctx, c, nil, struct{}{})
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
	_, err = NewScript("return 1").RunWith(ctx, c, ScriptOptions{Timeout: -1}, nil)
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
}

func TestAScriptIsBufferedAndRunsOnAServerThatForgotIt(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=0")
	ctx := ctxOf(t)
	must(t, c.WaitReady(ctx))
	script := NewScript("return redis.call('INCR', KEYS[1])")
	same(t, "the first", got(got(script.Run(ctx, c, []string{"n"}))(t).Int())(t), 1)
	s.Kill()
	reply := got(script.Run(ctx, c, []string{"n"}))(t)
	same(t, "buffered", reply.Buffered(), true)
	if _, err := reply.Int(); !errors.Is(err, ErrBuffered) {
		t.Errorf("%v", err)
	}
	done := make(chan int64, 1)
	go func() {
		waited, err := script.RunWith(ctx, c, ScriptOptions{NoBuffer: true, NoRetry: true, Timeout: longest}, []string{"n"})
		if err != nil {
			t.Error(err)
		}
		n, _ := waited.Int()
		done <- n
	}()
	s.Restart(t)
	same(t, "the one that waited", <-done, 3)
}

func TestAScriptEndsWithItsContextAndLeavesNothing(t *testing.T) {
	leavesNothing(t)
	s, c := started(t, "command_timeout_ms=5000")
	s.Freeze()
	defer s.Thaw()
	ctx, cancel := context.WithCancel(context.Background())
	cancelWhenWritten(t, c, cancel)
	began := time.Now()
	_, err := NewScript("return 1").Run(ctx, c, nil)
	isError(t, err, context.Canceled, OutcomeUnknown)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err = NewScript("return 1").Run(ctx, c, nil)
	isError(t, err, context.DeadlineExceeded, OutcomeUnknown)
	_, err = NewScript("return 1").Run(ctx, c, nil)
	isError(t, err, context.DeadlineExceeded, OutcomeNotApplied)
}

func TestAScriptThatWasGivenUpNeverRunsAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := open(t, s.URL("outage_grace_ms=0"), WithMaxWaits(1))
	must(t, c.WaitReady(ctxOf(t)))
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	script := NewScript("return redis.call('INCR', KEYS[1])")
	for range 4 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := script.RunWith(ctx, c, ScriptOptions{NoBuffer: true}, []string{"n"})
		isError(t, err, context.Canceled, OutcomeNotApplied)
	}
	began := time.Now()
	same(t, "buffered", got(script.Run(ctxOf(t), c, []string{"m"}))(t).Buffered(), true)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	s.Restart(t)
	must(t, c.WaitReady(ctxOf(t)))
	must(t, c.Flush(ctxOf(t)))
	same(t, "the one that was buffered", got(c.Get(ctxOf(t), "m"))(t), "1")
	same(t, "those that were given up", got(c.Exists(ctxOf(t), "n"))(t), 0)
}

func TestAScriptThatNewScriptDidNotMakeIsRefused(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	for _, script := range []*Script{nil, {}} {
		_, err := script.Run(ctxOf(t), c, nil)
		isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
		_, err = c.Pipelined(ctxOf(t), func(p *Pipeline) error { script.Queue(p, nil); return nil })
		isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
	}
}
