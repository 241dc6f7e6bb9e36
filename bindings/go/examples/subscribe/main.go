// Command subscribe prints what is published to channels, until it is interrupted, and says where something is missing.
//
//	subscribe redis://127.0.0.1:6379 channel ...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	rr "resilient-redis/bindings/go"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: subscribe url channel ...")
		os.Exit(2)
	}
	client, err := rr.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	err = client.SubscribeFunc(ctx, show, os.Args[2:]...)
	if !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
	}
}

// show is called with each message, in order.
func show(m *rr.Message) {
	switch m.Kind {
	case rr.MessageRestored: // back after an outage: read what may have been missed
		fmt.Printf("-- nothing was heard from %s to %s\n", m.DownSince.Format(time.TimeOnly), m.UpAt.Format(time.TimeOnly))
	case rr.MessageLost:
		fmt.Printf("-- %d messages found no room\n", m.Lost)
	case rr.MessageRefused:
		fmt.Printf("-- %s: %v\n", m.Channel, m.Err)
	default:
		fmt.Printf("%s: %s\n", m.Channel, m.Payload)
	}
}
