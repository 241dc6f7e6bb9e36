package rr

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

// next takes the next message.
func next(t testing.TB, s *Subscription) *Message {
	t.Helper()
	return got(s.Receive(ctxOf(t)))(t)
}

func TestMessagesComeInOrderWithWhatTheyMatched(t *testing.T) {
	for _, protocol := range []string{"2", "3"} {
		t.Run("RESP"+protocol, func(t *testing.T) {
			t.Parallel()
			_, c := started(t, "protocol="+protocol)
			messagesComeInOrder(t, c)
		})
	}
}

func messagesComeInOrder(t *testing.T, c *Client) {
	ctx := ctxOf(t)
	s := got(c.Subscribe(ctx, "news", "raw\x00"))(t)
	defer s.Close()
	must(t, s.PSubscribe("n*"))
	must(t, s.SSubscribe("shard"))
	must(t, s.Wait(ctx))
	same(t, "receivers", got(c.Publish(ctx, "news", "hello"))(t), 2)
	m := next(t, s)
	other := next(t, s)
	if m.Kind == OfPattern {
		m, other = other, m
	}
	same(t, "the message", *m, Message{Kind: OfChannel, Channel: "news", Payload: "hello"})
	same(t, "that of the pattern", *other, Message{Kind: OfPattern, Channel: "news", Pattern: "n*", Payload: "hello"})
	must(t, second(c.Publish(ctx, "raw\x00", []byte("\x00\xff"))))
	same(t, "bytes", *next(t, s), Message{Kind: OfChannel, Channel: "raw\x00", Payload: "\x00\xff"})
	must(t, second(c.SPublish(ctx, "shard", "")))
	same(t, "that of the shard channel", *next(t, s), Message{Kind: OfShardChannel, Channel: "shard"})
	must(t, s.PUnsubscribe("n*", "never had"))
	must(t, s.SUnsubscribe("shard"))
	must(t, s.Unsubscribe("news"))
	must(t, s.Subscribe("more"))
	must(t, s.Wait(ctx))
	const many = 1000
	go func() {
		for i := range many {
			c.Publish(ctx, "more", i)
		}
	}()
	for i := range many {
		same(t, "the payload", next(t, s).Payload, fmt.Sprint(i))
	}
	if !m.IsPublished() || m.Kind.String() != "message" {
		t.Errorf("%v", m.Kind)
	}
}

func TestASubscriptionComesBackAndTellsTheGap(t *testing.T) {
	t.Parallel()
	server, c := started(t)
	ctx := ctxOf(t)
	s := got(c.PSubscribe(ctx, "n*"))(t)
	defer s.Close()
	must(t, s.Wait(ctx))
	must(t, second(c.Publish(ctx, "news", "before")))
	same(t, "the first", next(t, s).Payload, "before")
	server.Kill()
	server.Restart(t)
	m := next(t, s)
	same(t, "what follows", m.Kind, MessageRestored)
	if m.IsPublished() || m.DownSince.After(m.UpAt) || time.Since(m.UpAt) > longest {
		t.Errorf("%+v", m)
	}
	must(t, second(c.Publish(ctx, "news", "after")))
	same(t, "the next", next(t, s).Payload, "after")
}

func TestWhatIsTakenTooSlowlyIsCountedInItsPlace(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	s := got(c.SubscribeWith(ctx, SubscriptionOptions{QueueMessages: 5}, OfChannel, "news"))(t)
	defer s.Close()
	must(t, s.Wait(ctx))
	const many = 3 * 64
	for i := range many {
		must(t, second(c.Publish(ctx, "news", i)))
	}
	seen, lost := 0, 0
	for seen+lost < many {
		if m := next(t, s); m.Kind == MessageLost {
			lost += int(m.Lost)
		} else {
			seen++
		}
	}
	same(t, "all of them", seen+lost, many)
	if lost == 0 {
		t.Error("nothing was lost")
	}
}

func TestAChannelThatTheServerRefusesIsTold(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Must(t, "ACL", "SETUSER", "app", "on", ">p", "allkeys", "allcommands", "resetchannels", "&mine")
	c := open(t, server.URL(), WithLogin("app", "p"))
	ctx := ctxOf(t)
	s := got(c.Subscribe(ctx, "mine", "theirs"))(t)
	defer s.Close()
	isError(t, s.Wait(ctx), ErrServer, OutcomeNotApplied)
	m := next(t, s)
	same(t, "the message", m.Kind, MessageRefused)
	same(t, "the channel", m.Channel, "theirs")
	if !IsServerError(m.Err, "NOPERM") {
		t.Errorf("%v", m.Err)
	}
}

func TestASubscriptionIsClosedByAnyoneOftenAndWithItsClient(t *testing.T) {
	leavesNothing(t)
	_, c := started(t)
	ctx := ctxOf(t)
	s := got(c.Subscribe(ctx, "news"))(t)
	waiting := make(chan error, 1)
	go func() { waiting <- second(s.Receive(ctx)) }()
	var all sync.WaitGroup
	for range 5 {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	isError(t, <-waiting, ErrClosed, OutcomeNone)
	isError(t, second(s.Receive(ctx)), ErrClosed, OutcomeNone)
	isError(t, s.Subscribe("more"), ErrClosed, OutcomeNone)
	isError(t, s.Unsubscribe("more"), ErrClosed, OutcomeNone)
	isError(t, s.Wait(ctx), ErrClosed, OutcomeNone)
	if _, ok := <-s.Channel(); ok {
		t.Error("there is a message")
	}
	s = got(c.Subscribe(ctx, "news"))(t)
	must(t, c.Close())
	isError(t, second(s.Receive(ctx)), ErrClosed, OutcomeNone)
	must(t, s.Close())
	_, err := c.Subscribe(ctx, "news")
	isError(t, err, ErrClosed, OutcomeNotApplied)
}

func TestASubscriptionOfWhichOnlyTheChannelIsHeldGoesOn(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	messages := func() <-chan *Message {
		s := got(c.Subscribe(ctx, "c"))(t)
		must(t, s.Wait(ctx))
		return s.Channel()
	}()
	for i := range 5 {
		runtime.GC()
		must(t, second(c.Publish(ctx, "c", i)))
		same(t, "the message", (<-messages).Payload, fmt.Sprint(i))
	}
	must(t, c.Close())
	if m, open := <-messages; open {
		t.Errorf("after the client's end there is %v", m)
	}
}

func TestASubscriptionKeepsAClientThatIsForgotten(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := func() *Subscription {
		c := got(Open(server.URL()))(t)
		s := got(c.Subscribe(ctxOf(t), "c"))(t)
		must(t, s.Wait(ctxOf(t)))
		return s
	}()
	for i := range 5 {
		runtime.GC()
		server.Must(t, "PUBLISH", "c", fmt.Sprint(i))
		same(t, "the message", next(t, s).Payload, fmt.Sprint(i))
	}
	must(t, s.client.Close())
	isError(t, second(s.Receive(ctxOf(t))), ErrClosed, OutcomeNone)
}

func TestReceivingEndsWithItsContextAndTheSubscriptionGoesOn(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	s := got(c.Subscribe(ctxOf(t), "news"))(t)
	defer s.Close()
	must(t, s.Wait(ctxOf(t)))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	isError(t, second(s.Receive(ctx)), context.DeadlineExceeded, OutcomeNone)
	isError(t, second(s.Receive(ctx)), ErrTimeout, OutcomeNone)
	isError(t, s.Wait(ctx), ErrTimeout, OutcomeNone)
	_, err := c.Subscribe(ctx, "news")
	isError(t, err, context.DeadlineExceeded, OutcomeNotApplied)
	_, err = c.SubscribeWith(ctxOf(t), SubscriptionOptions{QueueBytes: -1}, OfChannel, "news")
	isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
	_, err = c.SubscribeWith(ctxOf(t), SubscriptionOptions{}, MessageLost, "news")
	if !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v", err)
	}
	must(t, second(c.Publish(ctxOf(t), "news", "hello")))
	same(t, "the message", next(t, s).Payload, "hello")
}

func TestAFunctionIsCalledInOrderUntilTheContextEndsAndItsPanicsAreContained(t *testing.T) {
	leavesNothing(t)
	server := redistest.Start(t)
	panics := make(chan Panic, 10)
	c := open(t, server.URL(), WithOnPanic(func(p Panic) { panics <- p }))
	ctx, cancel := context.WithCancel(ctxOf(t))
	const many = 200
	done := make(chan error, 1)
	var seen []string
	go func() {
		done <- c.SubscribeFunc(ctx, func(m *Message) {
			seen = append(seen, m.Payload)
			if len(seen) == 3 {
				panic("oh")
			}
			if len(seen) == many {
				cancel()
			}
		}, "news")
	}()
	eventually(t, "it is subscribed", func() bool { return got(c.PubSubNumSub(ctxOf(t), "news"))(t)["news"] == 1 })
	for i := range many {
		must(t, second(c.Publish(ctxOf(t), "news", i)))
	}
	isError(t, <-done, context.Canceled, OutcomeNone)
	for i, payload := range seen {
		same(t, "the payload", payload, fmt.Sprint(i))
	}
	same(t, "calls", len(seen), many)
	p := <-panics
	same(t, "where it panicked", p.Where, "subscription")
	same(t, "with what", p.Value.(string), "oh")
}

// unread gives a subscription whose messages nobody takes, more than are taken ahead.
func unread(t *testing.T, c *Client) *Subscription {
	t.Helper()
	sub := got(c.Subscribe(ctxOf(t), "channel"))(t)
	must(t, sub.Wait(ctxOf(t)))
	for range 3 * waitingMessages {
		must(t, second(c.Publish(ctxOf(t), "channel", "x")))
	}
	eventually(t, "as many wait as may", func() bool { return len(sub.messages) == waitingMessages })
	return sub
}

func TestASubscriptionThatNobodyReadsEndsWithItsClient(t *testing.T) {
	leavesNothing(t)
	_, c := started(t)
	sub := unread(t, c)
	must(t, c.Close())
	eventually(t, "the channel is closed", func() bool {
		_, ok := <-sub.Channel()
		return !ok
	})
	if _, err := sub.Receive(ctxOf(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	must(t, sub.Close())
}

func TestASubscriptionThatIsClosedGivesNothingMore(t *testing.T) {
	leavesNothing(t)
	_, c := started(t)
	sub := unread(t, c)
	must(t, sub.Close())
	for m := range sub.Channel() {
		t.Fatalf("a message: %+v", m)
	}
}
