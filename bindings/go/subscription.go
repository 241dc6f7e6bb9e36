package rr

// Subscriptions: channels that are listened to, and their messages in order. One goroutine for each takes them from the library,
// on a thread of the system, and hands them on.

/*
#include <stdlib.h>
#include "crossings.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
	"unsafe"
)

// MessageKind is what a message is.
type MessageKind int32

const (
	// OfChannel: it was published to a channel that is subscribed to.
	OfChannel MessageKind = C.RR_CHANNEL
	// OfPattern: it was published to a channel that matches a pattern.
	OfPattern MessageKind = C.RR_PATTERN
	// OfShardChannel: it was published to a shard channel.
	OfShardChannel MessageKind = C.RR_SHARD_CHANNEL
	// MessageLost: in this place, Message.Lost messages found no room in the queue, because they were taken too slowly.
	MessageLost MessageKind = C.RR_MESSAGE_LOST
	// MessageRestored: the connection had been lost and is back. What was published between DownSince and UpAt is missing in this place.
	MessageRestored MessageKind = C.RR_MESSAGE_RESTORED
	// MessageRefused: the server does not let this client subscribe to Channel, or Pattern; Err says why. It is asked again.
	MessageRefused MessageKind = C.RR_MESSAGE_REFUSED
)

// String gives the kind in words.
func (k MessageKind) String() string {
	switch k {
	case OfChannel:
		return "message"
	case OfPattern:
		return "message of a pattern"
	case OfShardChannel:
		return "message of a shard channel"
	case MessageLost:
		return "lost"
	case MessageRestored:
		return "restored"
	case MessageRefused:
		return "refused"
	}
	return fmt.Sprintf("MessageKind(%d)", int32(k))
}

// Message is something that was published, or what became of messages that are not delivered.
type Message struct {
	Kind    MessageKind
	Channel string
	Pattern string
	Payload string
	// Lost is how many are missing, of the kind MessageLost.
	Lost uint64
	// DownSince is when the server was last heard before the gap, and UpAt when all was subscribed to again, of the kind MessageRestored.
	DownSince, UpAt time.Time
	// Err is what the server said, of the kind MessageRefused.
	Err error
}

// IsPublished tells whether it is a message that was published, and not one about those that are missing.
func (m *Message) IsPublished() bool { return m.Kind <= OfShardChannel }

// SubscriptionOptions is how a subscription differs from the client's settings.
type SubscriptionOptions struct {
	QueueMessages int // how many messages wait to be taken; 0: the option subscription_queue_size
	QueueBytes    int // how many bytes they have together; 0: the option subscription_queue_bytes
}

// Subscription is what a part of a program listens to. It comes back by itself after an outage. Any number of goroutines may call
// its methods; each message goes to one of those that take them, by Channel or Receive. It lasts until Close, or until its client is
// closed: messages that nobody is taking then may be lost.
type Subscription struct {
	client *Client // which lives as long
	handle *C.rr_subscription
	// Who calls C with the handle holds it shared; the end of the goroutine, which frees it, alone.
	using    sync.RWMutex
	freed    bool
	messages chan *Message
	stop     chan struct{} // closed by Close
	stopOnce sync.Once
	stopped  chan struct{} // closed when the handle is freed
	why      error         // why there are no more messages; set before messages is closed
}

// waitingMessages is how many messages are taken from C ahead of those who take them here.
const waitingMessages = 64

// Subscribe listens to channels.
func (c *Client) Subscribe(ctx context.Context, channels ...string) (*Subscription, error) {
	return c.SubscribeWith(ctx, SubscriptionOptions{}, OfChannel, channels...)
}

// PSubscribe listens to the channels that match patterns, such as "news.*". A message that matches several comes once for each.
func (c *Client) PSubscribe(ctx context.Context, patterns ...string) (*Subscription, error) {
	return c.SubscribeWith(ctx, SubscriptionOptions{}, OfPattern, patterns...)
}

// SSubscribe listens to shard channels, from Redis 7 on.
func (c *Client) SSubscribe(ctx context.Context, channels ...string) (*Subscription, error) {
	return c.SubscribeWith(ctx, SubscriptionOptions{}, OfShardChannel, channels...)
}

// SubscribeWith listens to names of a kind, with options. It returns at once, during an outage, too; Subscription.Wait waits for the
// server to agree. The context is for this call only: end the subscription with Close.
func (c *Client) SubscribeWith(ctx context.Context, options SubscriptionOptions, kind MessageKind, names ...string) (*Subscription, error) {
	if failed := ended(ctx); failed != nil {
		return nil, failed
	}
	if options.QueueMessages < 0 || options.QueueBytes < 0 {
		return nil, usageError("the options of a subscription are negative: %+v", options)
	}
	ptr, failed := c.borrow()
	if failed != nil {
		return nil, failed
	}
	defer c.release()
	asked := C.rr_subscription_options{
		struct_size: C.sizeof_rr_subscription_options,
		queue_size:  C.size_t(options.QueueMessages),
		queue_bytes: C.size_t(options.QueueBytes),
	}
	var handle *C.rr_subscription
	var err *C.rr_error
	if status := C.rr_subscription_new(ptr, &asked, &handle, &err); status < 0 {
		return nil, newError(status, err)
	}
	s := &Subscription{client: c, handle: handle, messages: make(chan *Message, waitingMessages), stop: make(chan struct{}), stopped: make(chan struct{})}
	if len(names) > 0 {
		if err := s.add(kind, names); err != nil {
			C.rr_subscription_free(handle)
			return nil, err
		}
	}
	go s.run()
	return s, nil
}

// run takes messages and hands them on, until Close or until the client is closed.
func (s *Subscription) run() {
	taken := (*C.struct_rrgo_messages)(C.calloc(1, C.sizeof_struct_rrgo_messages))
	if taken == nil {
		panic("rr: there is no memory for messages")
	}
	defer s.free(taken)
	for {
		select {
		case <-s.stop:
			s.why = closedSubscription()
			return
		default:
		}
		// Close ends this call, and so does the end of the client.
		var err *C.rr_error
		status := C.rrgo_messages_next(s.handle, math.MaxInt64, taken, &err)
		if status < 0 {
			s.why = newError(status, err)
			select {
			case <-s.stop:
				s.why = closedSubscription()
			default:
			}
			return
		}
		all := taken.all[:taken.count]
		for i := range all {
			m := copyMessage(&all[i])
			select {
			case s.messages <- m:
				continue
			default:
			}
			select {
			case s.messages <- m:
			case <-s.stop:
			case <-s.client.gone:
				// Nobody may be reading any more: what waits beside this is lost with the client.
				s.why = closedError()
				return
			}
		}
		C.rrgo_messages_free(taken)
	}
}

func closedSubscription() *Error {
	return &Error{Status: StatusClosed, Message: "the subscription is closed"}
}

func (s *Subscription) free(taken *C.struct_rrgo_messages) {
	C.rrgo_messages_free(taken)
	C.free(unsafe.Pointer(taken))
	s.using.Lock()
	s.freed = true
	C.rr_subscription_free(s.handle)
	s.using.Unlock()
	select {
	case <-s.stop:
		s.forget()
	default:
	}
	close(s.messages)
	close(s.stopped)
}

// forget drops the messages that nobody has taken.
func (s *Subscription) forget() {
	for {
		select {
		case <-s.messages:
		default:
			return
		}
	}
}

func copyMessage(told *C.struct_rrgo_message) *Message {
	m := &Message{
		Kind:    MessageKind(told.kind),
		Channel: copyText(told.channel, told.channel_length),
		Pattern: copyText(told.pattern, told.pattern_length),
		Payload: copyText(told.payload, told.payload_length),
		Lost:    uint64(told.lost),
	}
	switch m.Kind {
	case MessageRestored:
		m.DownSince, m.UpAt = time.UnixMilli(int64(told.down_since_ms)), time.UnixMilli(int64(told.up_at_ms))
	case MessageRefused:
		m.Err = copyError(told.error)
	}
	return m
}

// copyText copies bytes of C, of any length; NULL is "".
func copyText(at *C.char, length C.size_t) string {
	if at == nil || length == 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(at)), int(length)))
}

// Channel gives the messages in order; it is closed when the subscription or its client is closed, and gives nothing more after Close of the
// subscription. While nobody takes them they wait in the subscription's queue, which drops its oldest when it is full, and says how many (MessageLost).
func (s *Subscription) Channel() <-chan *Message { return s.messages }

// Receive waits for the next message. ErrClosed when there will be none.
func (s *Subscription) Receive(ctx context.Context) (*Message, error) {
	if failed := ended(ctx); failed != nil {
		return nil, noOutcome(failed)
	}
	select {
	case m, ok := <-s.messages:
		if !ok {
			return nil, s.why
		}
		return m, nil
	case <-ctx.Done():
		return nil, noOutcome(contextError(ctx.Err()))
	}
}

// noOutcome is for what is not about a command.
func noOutcome(failed *Error) *Error {
	failed.Outcome = OutcomeNone
	return failed
}

// Subscribe listens to more channels.
func (s *Subscription) Subscribe(channels ...string) error { return s.add(OfChannel, channels) }

// PSubscribe listens to more patterns.
func (s *Subscription) PSubscribe(patterns ...string) error { return s.add(OfPattern, patterns) }

// SSubscribe listens to more shard channels.
func (s *Subscription) SSubscribe(channels ...string) error { return s.add(OfShardChannel, channels) }

// Unsubscribe gives up channels. Those that it does not have are ignored.
func (s *Subscription) Unsubscribe(channels ...string) error { return s.remove(OfChannel, channels) }

// PUnsubscribe gives up patterns. Those that it does not have are ignored.
func (s *Subscription) PUnsubscribe(patterns ...string) error { return s.remove(OfPattern, patterns) }

// SUnsubscribe gives up shard channels. Those that it does not have are ignored.
func (s *Subscription) SUnsubscribe(channels ...string) error {
	return s.remove(OfShardChannel, channels)
}

// use calls C with the handle, which is not freed meanwhile.
func (s *Subscription) use(call func(*C.rr_subscription) answer) error {
	s.using.RLock()
	defer s.using.RUnlock()
	if s.freed {
		return closedSubscription()
	}
	if failed := call(s.handle).failure(); failed != nil {
		return failed
	}
	return nil
}

func (s *Subscription) add(kind MessageKind, names []string) error {
	return s.use(func(handle *C.rr_subscription) (got answer) {
		count, bytes, lengths := packStrings(names).pointers()
		got.status = C.rrgo_subscription_add(handle, C.int32_t(kind), count, bytes, lengths, &got.err)
		return got
	})
}

func (s *Subscription) remove(kind MessageKind, names []string) error {
	return s.use(func(handle *C.rr_subscription) (got answer) {
		count, bytes, lengths := packStrings(names).pointers()
		got.status = C.rrgo_subscription_remove(handle, C.int32_t(kind), count, bytes, lengths, &got.err)
		return got
	})
}

// Wait waits until the server has agreed to every name: what is published from then on comes. An error of the server (ErrServer)
// when it refuses one; without a deadline it waits as long as it takes.
func (s *Subscription) Wait(ctx context.Context) error {
	for {
		if failed := ended(ctx); failed != nil {
			return noOutcome(failed)
		}
		err := s.use(func(handle *C.rr_subscription) (got answer) {
			got.status = C.rr_subscription_wait(handle, C.int64_t(sliceOfTime.Milliseconds()), &got.err)
			return got
		})
		if !errors.Is(err, ErrTimeout) {
			return err
		}
	}
}

// Close ends the subscription; messages that wait are lost. It waits until nothing of it is left. Calling it again does nothing.
func (s *Subscription) Close() error {
	s.end()
	<-s.stopped
	return nil
}

func (s *Subscription) end() {
	s.stopOnce.Do(func() {
		close(s.stop)
		s.use(func(handle *C.rr_subscription) (got answer) {
			got.status = C.rr_subscription_close(handle, &got.err)
			return got
		})
	})
}

// SubscribeFunc listens to channels and calls fn with each message, in order and one at a time, on the goroutine that called
// SubscribeFunc, until the context ends (its error is returned) or the client is closed (ErrClosed). A panic of fn is contained and
// reported (Config.OnPanic); the next message follows.
func (c *Client) SubscribeFunc(ctx context.Context, fn func(*Message), channels ...string) error {
	return c.SubscribeFuncWith(ctx, SubscriptionOptions{}, OfChannel, fn, channels...)
}

// SubscribeFuncWith is SubscribeFunc for names of a kind, with options.
func (c *Client) SubscribeFuncWith(ctx context.Context, options SubscriptionOptions, kind MessageKind, fn func(*Message), names ...string) error {
	s, err := c.SubscribeWith(ctx, options, kind, names...)
	if err != nil {
		return err
	}
	defer s.Close()
	for {
		m, err := s.Receive(ctx)
		if err != nil {
			return err
		}
		c.hooks.deliver(fn, m)
	}
}

func (h *hooks) deliver(fn func(*Message), m *Message) {
	var failed bool
	defer h.contain("subscription", &failed)
	fn(m)
}
