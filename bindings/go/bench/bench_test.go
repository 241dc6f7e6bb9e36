package bench

// The same work through three clients: this one, go-redis and rueidis, each with one client for all goroutines and its
// defaults, against one server. Command compare runs them by turns and prints ratios.

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	rr "resilient-redis/bindings/go"
)

// side is one client, as its users would use it.
type side interface {
	get(ctx context.Context, key string) (string, error)
	set(ctx context.Context, key, value string) error
	pipeline(ctx context.Context, n int, key string) error
	list(ctx context.Context, key string) ([]string, error)
	// subscribe calls fn for each message, and returns when it is subscribed.
	subscribe(ctx context.Context, channel string, fn func(payload string)) error
	publish(ctx context.Context, channel, payload string, n int) error
	close()
}

var address = os.Getenv("BENCH_ADDRESS")

func open(b *testing.B, name string) side {
	b.Helper()
	if address == "" {
		b.Fatal("BENCH_ADDRESS is not set: use go run ./compare, or set it to host:port of a server")
	}
	var s side
	var err error
	switch name {
	case "ours":
		s, err = openOurs(address)
	case "go-redis":
		s = openGoRedis(address)
	case "rueidis":
		s, err = openRueidis(address)
	}
	if err != nil {
		b.Fatal(err)
	}
	return s
}

var sides = []string{"ours", "go-redis", "rueidis"}

// share runs n calls of work in so many goroutines, which take them as they come.
func share(b *testing.B, goroutines int, work func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wait sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range goroutines {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for left.Add(-1) >= 0 {
				if err := work(); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wait.Wait()
	b.StopTimer()
}

func BenchmarkGet(b *testing.B) {
	ctx := context.Background()
	for _, goroutines := range []int{1, 64, 1000} {
		for _, name := range sides {
			b.Run(fmt.Sprintf("%d/%s", goroutines, name), func(b *testing.B) {
				s := open(b, name)
				defer s.close()
				if err := s.set(ctx, "bench:get", "hello"); err != nil {
					b.Fatal(err)
				}
				share(b, goroutines, func() error {
					value, err := s.get(ctx, "bench:get")
					if err == nil && value != "hello" {
						err = fmt.Errorf("GET gave %q", value)
					}
					return err
				})
			})
		}
	}
}

func BenchmarkSet(b *testing.B) {
	ctx := context.Background()
	for _, name := range sides {
		b.Run(fmt.Sprintf("64/%s", name), func(b *testing.B) {
			s := open(b, name)
			defer s.close()
			share(b, 64, func() error { return s.set(ctx, "bench:set", "hello") })
		})
	}
}

func BenchmarkPipeline(b *testing.B) {
	ctx := context.Background()
	for _, goroutines := range []int{1, 8} {
		for _, name := range sides {
			b.Run(fmt.Sprintf("100x%d/%s", goroutines, name), func(b *testing.B) {
				s := open(b, name)
				defer s.close()
				if err := s.set(ctx, "bench:get", "hello"); err != nil {
					b.Fatal(err)
				}
				share(b, goroutines, func() error { return s.pipeline(ctx, 100, "bench:get") })
			})
		}
	}
}

func BenchmarkArray(b *testing.B) {
	ctx := context.Background()
	for _, goroutines := range []int{1, 64} {
		for _, name := range sides {
			b.Run(fmt.Sprintf("1000x%d/%s", goroutines, name), func(b *testing.B) {
				filler := openGoRedis(address)
				filler.client.Del(ctx, "bench:list")
				for i := range 1000 {
					filler.client.RPush(ctx, "bench:list", fmt.Sprintf("value-%04d", i))
				}
				filler.close()
				s := open(b, name)
				defer s.close()
				share(b, goroutines, func() error {
					values, err := s.list(ctx, "bench:list")
					if err == nil && (len(values) != 1000 || values[999] != "value-0999") {
						err = fmt.Errorf("LRANGE gave %d values", len(values))
					}
					return err
				})
			})
		}
	}
}

func BenchmarkPubSub(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, name := range sides {
		b.Run(name, func(b *testing.B) {
			s := open(b, name)
			defer s.close()
			const window = 1000
			var came atomic.Int64
			tokens := make(chan struct{}, window)
			done := make(chan struct{})
			n := int64(b.N)
			err := s.subscribe(ctx, "bench:channel", func(payload string) {
				if payload != "hello" {
					b.Errorf("a message of %q", payload)
				}
				<-tokens
				if came.Add(1) == n {
					close(done)
				}
			})
			if err != nil {
				b.Fatal(err)
			}
			publisher := openGoRedis(address)
			defer publisher.close()
			b.ReportAllocs()
			b.ResetTimer()
			for sent := 0; sent < b.N; {
				batch := min(100, b.N-sent)
				for range batch {
					tokens <- struct{}{}
				}
				if err := publisher.publish(ctx, "bench:channel", "hello", batch); err != nil {
					b.Fatal(err)
				}
				sent += batch
			}
			<-done
			b.StopTimer()
		})
	}
}

// Ours.

type ours struct{ client *rr.Client }

func openOurs(address string) (*ours, error) {
	client, err := rr.Open("redis://" + address)
	return &ours{client}, err
}

func (o *ours) get(ctx context.Context, key string) (string, error) {
	return o.client.Get(ctx, key)
}

func (o *ours) set(ctx context.Context, key, value string) error {
	return o.client.Set(ctx, key, value, 0)
}

func (o *ours) pipeline(ctx context.Context, n int, key string) error {
	var last *rr.Result[string]
	_, err := o.client.Pipelined(ctx, func(p *rr.Pipeline) error {
		for range n {
			last = p.Get(key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	value, err := last.Result()
	if err == nil && value != "hello" {
		err = fmt.Errorf("a pipeline gave %q", value)
	}
	return err
}

func (o *ours) list(ctx context.Context, key string) ([]string, error) {
	return o.client.LRange(ctx, key, 0, -1)
}

func (o *ours) subscribe(ctx context.Context, channel string, fn func(string)) error {
	subscription, err := o.client.Subscribe(ctx, channel)
	if err != nil {
		return err
	}
	if err := subscription.Wait(ctx); err != nil {
		return err
	}
	go func() {
		for message := range subscription.Channel() {
			fn(message.Payload)
		}
	}()
	return nil
}

func (o *ours) publish(ctx context.Context, channel, payload string, n int) error { return nil }

func (o *ours) close() { o.client.Close() }

// go-redis.

type goRedis struct{ client *redis.Client }

func openGoRedis(address string) *goRedis {
	return &goRedis{redis.NewClient(&redis.Options{Addr: address})}
}

func (g *goRedis) get(ctx context.Context, key string) (string, error) {
	return g.client.Get(ctx, key).Result()
}

func (g *goRedis) set(ctx context.Context, key, value string) error {
	return g.client.Set(ctx, key, value, 0).Err()
}

func (g *goRedis) pipeline(ctx context.Context, n int, key string) error {
	results, err := g.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for range n {
			p.Get(ctx, key)
		}
		return nil
	})
	if err == nil && results[n-1].(*redis.StringCmd).Val() != "hello" {
		err = fmt.Errorf("a pipeline gave %v", results[n-1])
	}
	return err
}

func (g *goRedis) list(ctx context.Context, key string) ([]string, error) {
	return g.client.LRange(ctx, key, 0, -1).Result()
}

func (g *goRedis) subscribe(ctx context.Context, channel string, fn func(string)) error {
	subscription := g.client.Subscribe(ctx, channel)
	if _, err := subscription.Receive(ctx); err != nil {
		return err
	}
	go func() {
		for message := range subscription.Channel(redis.WithChannelSize(2000)) {
			fn(message.Payload)
		}
	}()
	return nil
}

func (g *goRedis) publish(ctx context.Context, channel, payload string, n int) error {
	_, err := g.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for range n {
			p.Publish(ctx, channel, payload)
		}
		return nil
	})
	return err
}

func (g *goRedis) close() { g.client.Close() }

// rueidis.

type rueidisSide struct{ client rueidis.Client }

func openRueidis(address string) (*rueidisSide, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}, DisableCache: true})
	return &rueidisSide{client}, err
}

func (r *rueidisSide) get(ctx context.Context, key string) (string, error) {
	return r.client.Do(ctx, r.client.B().Get().Key(key).Build()).ToString()
}

func (r *rueidisSide) set(ctx context.Context, key, value string) error {
	return r.client.Do(ctx, r.client.B().Set().Key(key).Value(value).Build()).Error()
}

func (r *rueidisSide) pipeline(ctx context.Context, n int, key string) error {
	commands := make(rueidis.Commands, 0, n)
	for range n {
		commands = append(commands, r.client.B().Get().Key(key).Build())
	}
	results := r.client.DoMulti(ctx, commands...)
	value, err := results[n-1].ToString()
	if err == nil && value != "hello" {
		err = fmt.Errorf("a pipeline gave %q", value)
	}
	return err
}

func (r *rueidisSide) list(ctx context.Context, key string) ([]string, error) {
	return r.client.Do(ctx, r.client.B().Lrange().Key(key).Start(0).Stop(-1).Build()).AsStrSlice()
}

func (r *rueidisSide) subscribe(ctx context.Context, channel string, fn func(string)) error {
	subscribed := make(chan struct{}, 1)
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(rueidis.PubSubSubscription) {
		select {
		case subscribed <- struct{}{}:
		default:
		}
	})
	go r.client.Receive(ctx, r.client.B().Subscribe().Channel(channel).Build(), func(message rueidis.PubSubMessage) {
		fn(message.Message)
	})
	<-subscribed
	return nil
}

func (r *rueidisSide) publish(ctx context.Context, channel, payload string, n int) error { return nil }

func (r *rueidisSide) close() { r.client.Close() }
