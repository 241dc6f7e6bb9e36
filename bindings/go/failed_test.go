package rr

import (
	"reflect"
	"testing"
)

func TestWhatTheServerRefusesOfTheBufferIsListedRetriedAndDiscarded(t *testing.T) {
	t.Parallel()
	s, c := started(t, "outage_grace_ms=0")
	ctx := ctxOf(t)
	must(t, c.Set(ctx, "text", "abc", 0))
	must(t, c.Flush(ctx))
	s.Kill()
	eventually(t, "the loss is noticed", func() bool { return c.State() == StateReconnecting })
	same(t, "buffered", got(c.Do(ctx, "LPUSH", "text", "a\x00"))(t).Buffered(), true)
	_, err := c.Pipelined(ctx, func(p *Pipeline) error {
		p.Set("other", "x", 0)
		p.RPush("text", 1)
		return nil
	})
	must(t, err)
	s.Restart(t)
	must(t, c.Flush(ctx))
	var all []Failed
	for entry, err := range c.Failed() {
		must(t, err)
		all = append(all, entry)
	}
	same(t, "entries", len(all), 2)
	same(t, "counted", c.FailedCount(), 2)
	same(t, "why", all[0].Err.Code, "WRONGTYPE")
	if want := [][]string{{"LPUSH", "text", "a\x00"}}; !reflect.DeepEqual(all[0].Commands, want) {
		t.Errorf("%q", all[0].Commands)
	}
	for entry, err := range c.Failed() {
		must(t, err)
		same(t, "the first", entry.ID, all[0].ID)
		break
	}
	must(t, second(c.Del(ctx, "text")))
	must(t, c.RetryFailed(all[0].ID))
	must(t, c.Flush(ctx))
	same(t, "what was retried", got(c.LIndex(ctx, "text", 0))(t), "a\x00")
	must(t, c.DiscardFailed(all[1].ID))
	same(t, "counted", c.FailedCount(), 0)
	isError(t, c.RetryFailed(all[0].ID), ErrInvalidArgument, OutcomeNone)
	isError(t, c.DiscardFailed(12345), ErrInvalidArgument, OutcomeNone)
	must(t, c.Close())
	for _, err := range c.Failed() {
		isError(t, err, ErrClosed, OutcomeNotApplied)
	}
	isError(t, c.RetryFailed(1), ErrClosed, OutcomeNotApplied)
	isError(t, c.DiscardFailed(1), ErrClosed, OutcomeNotApplied)
	same(t, "counted of a closed one", c.FailedCount(), 0)
}
