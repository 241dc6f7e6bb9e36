package rr_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strconv"
	"time"

	rr "resilient-redis/bindings/go"
	"resilient-redis/bindings/go/internal/redistest"
)

// serve gives a client of a server of its own, and the function that ends both.
func serve() (client *rr.Client, stop func()) {
	url, end := redistest.Forever()
	client, err := rr.Open(url)
	if err != nil {
		log.Fatal(err)
	}
	return client, func() {
		client.Close()
		end()
	}
}

func Example() {
	url, stop := redistest.Forever()
	defer stop()
	ctx := context.Background()

	client, err := rr.Open(url)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	visits, err := client.Incr(ctx, "visits")
	switch {
	case err == nil:
		fmt.Println("visit", visits)
	case errors.Is(err, rr.ErrBuffered):
		fmt.Println("accepted: applied when the server is back")
	default:
		fmt.Println(rr.OutcomeOf(err), err)
	}
	// Output: visit 1
}

func ExampleClient_Do() {
	client, stop := serve()
	defer stop()
	ctx := context.Background()

	reply, err := client.Do(ctx, "SET", "greeting", "hello", "NX")
	if err != nil {
		log.Fatal(err)
	}
	if reply.Buffered() {
		fmt.Println("accepted: applied when the server is back")
		return
	}
	set, err := reply.Bool()
	fmt.Println(set, err)
	_, err = client.Get(ctx, "nothing")
	fmt.Println(errors.Is(err, rr.ErrNil))
	_, err = client.LPush(ctx, "greeting", "x")
	fmt.Println(rr.IsServerError(err, "WRONGTYPE"), rr.OutcomeOf(err))
	// Output:
	// true <nil>
	// true
	// true not applied
}

func ExampleClient_With() {
	client, stop := serve()
	defer stop()

	// A number that is needed: through an outage it is waited for, and never buffered.
	numbers := client.With(rr.CommandOptions{NoBuffer: true, Timeout: 30 * time.Second})
	next, err := numbers.Incr(context.Background(), "number")
	fmt.Println(next, err)
	// Output: 1 <nil>
}

func ExampleClient_Pipelined() {
	client, stop := serve()
	defer stop()

	var name *rr.Result[string]
	var wrong *rr.Result[int64]
	values, err := client.Pipelined(context.Background(), func(p *rr.Pipeline) error {
		p.Set("name", "Ada", 0)
		name = p.Get("name")
		wrong = p.Incr("name")
		return nil
	})
	fmt.Println(len(values), err)
	fmt.Println(name.Val(), name.Err())
	fmt.Println(wrong.Err())
	// Output:
	// 3 <nil>
	// Ada <nil>
	// rr: ERR value is not an integer or out of range
}

func ExampleClient_Transact() {
	client, stop := serve()
	defer stop()
	ctx := context.Background()
	if err := client.Set(ctx, "seats", 3, 0); err != nil {
		log.Fatal(err)
	}

	// Up to ten times, with fresh reads, until nobody came in between.
	err := client.Transact(ctx, 10, func(tx *rr.Tx) error {
		text, err := tx.Get(ctx, "seats")
		if err != nil {
			return err
		}
		seats, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		if seats == 0 {
			return errors.New("sold out")
		}
		_, err = tx.TxPipelined(ctx, func(p *rr.Pipeline) error {
			p.Set("seats", seats-1, 0)
			p.RPush("guests", "Ada")
			return nil
		})
		return err
	}, "seats")
	fmt.Println(err)
	fmt.Println(client.Get(ctx, "seats"))
	// Output:
	// <nil>
	// 2 <nil>
}

func ExampleScript() {
	client, stop := serve()
	defer stop()

	double := rr.NewScript(`return redis.call("INCRBY", KEYS[1], ARGV[1] * 2)`)
	reply, err := double.Run(context.Background(), client, []string{"n"}, 21)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.Int())
	// Output: 42 <nil>
}

func ExampleClient_Subscribe() {
	client, stop := serve()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	news, err := client.Subscribe(ctx, "news")
	if err != nil {
		log.Fatal(err)
	}
	defer news.Close()
	if err := news.Wait(ctx); err != nil { // what is published from now on comes
		log.Fatal(err)
	}
	if _, err := client.Publish(ctx, "news", "hello"); err != nil {
		log.Fatal(err)
	}
	for m := range news.Channel() {
		switch m.Kind {
		case rr.MessageRestored:
			fmt.Println("back: nothing was heard from", m.DownSince, "to", m.UpAt)
		case rr.MessageLost:
			fmt.Println(m.Lost, "messages found no room")
		default:
			fmt.Println(m.Channel, m.Payload)
			return
		}
	}
	// Output: news hello
}

func ExampleClient_Scan() {
	client, stop := serve()
	defer stop()
	ctx := context.Background()
	if err := client.MSet(ctx, "user:1", "Ada", "user:2", "Grace", "other", "x"); err != nil {
		log.Fatal(err)
	}

	for key, err := range client.Scan(ctx, rr.ScanOptions{Match: "user:*"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(key)
	}
	// Unordered output:
	// user:1
	// user:2
}

func ExampleClient_Events() {
	client, stop := serve()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	for event := range client.Events(ctx) {
		fmt.Println(event.Kind)
		if event.Kind == rr.EventConnected {
			break
		}
	}
	// Output: RR_EVENT_CONNECTED
}

func ExampleNewConfig() {
	config, err := rr.NewConfig(
		rr.WithAddress("cache.example.org:6380"),
		rr.WithLogin("app", "secret"),
		rr.WithBuffer(100_000, 256<<20),
		rr.WithOption("reconnect_max_delay_ms", "250"),
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.Get("host"))
	fmt.Println(config.Get("password"))
	fmt.Println(config.Set("buffer_overflow", "explode"))
	// Output:
	// cache.example.org <nil>
	// *** <nil>
	// rr: option "buffer_overflow" cannot be "explode": it takes one of reject, block, drop_oldest
}
