package rr

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestErrorsAreFoundByStatusThroughWrapping(t *testing.T) {
	err := fmt.Errorf("while doing something: %w", &Error{Status: StatusTimeout, Outcome: OutcomeUnknown, Message: "too late"})
	if !errors.Is(err, ErrTimeout) || errors.Is(err, ErrClosed) || errors.Is(err, ErrNil) {
		t.Error("errors.Is finds something else")
	}
	var e *Error
	if !errors.As(err, &e) || e.Status != StatusTimeout {
		t.Error("errors.As does not find it")
	}
	same(t, "the outcome", OutcomeOf(err), OutcomeUnknown)
	same(t, "the text", e.Error(), "rr: too late (outcome: unknown)")
	same(t, "without a message", (&Error{Status: StatusClosed}).Error(), "rr: RR_ERR_CLOSED")
	same(t, "no error", OutcomeOf(nil), OutcomeNone)
	same(t, "buffered", OutcomeOf(ErrBuffered), OutcomeNone)
}

func TestAnEndedContextIsTheCause(t *testing.T) {
	late, cancelled := contextError(context.DeadlineExceeded), contextError(context.Canceled)
	if !errors.Is(late, ErrTimeout) || !errors.Is(late, context.DeadlineExceeded) || errors.Is(late, context.Canceled) {
		t.Errorf("%v", late)
	}
	if !errors.Is(cancelled, ErrCancelled) || !errors.Is(cancelled, context.Canceled) {
		t.Errorf("%v", cancelled)
	}
}

func TestEveryStatusHasItsNameInC(t *testing.T) {
	for status := StatusTLS; status < 0; status++ {
		if name := status.String(); name == "unknown" || name != status.Error() {
			t.Errorf("%d is %q", int32(status), name)
		}
	}
	same(t, "a timeout", StatusTimeout.String(), "RR_ERR_TIMEOUT")
	same(t, "another number", Status(-9999).String(), "unknown")
	same(t, "an outcome", OutcomeNotApplied.String(), "not applied")
	same(t, "another outcome", Outcome(9).String(), "Outcome(9)")
}

func TestAnErrorOfTheServerHasItsCodeAndOutcome(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	must(t, c.Set(ctx, "k", "v", 0))
	_, err := c.LPush(ctx, "k", 1)
	isError(t, err, ErrServer, OutcomeNotApplied)
	if !IsServerError(err, "WRONGTYPE") || !IsServerError(err, "") || IsServerError(err, "ERR") || IsServerError(ErrNil, "") {
		t.Errorf("%v", err)
	}
	_, err = c.Eval(ctx, "redis.call('SET', KEYS[1], 1); return redis.error_reply('MINE after all')", []string{"s"})
	isError(t, err, ErrServer, OutcomeUnknown)
	if !IsServerError(err, "MINE") {
		t.Errorf("%v", err)
	}
}
