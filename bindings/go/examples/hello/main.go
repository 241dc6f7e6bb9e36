// Command hello counts visits, and says what became of each write whatever happens to the server.
//
//	hello [redis://127.0.0.1:6379]
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	rr "resilient-redis/bindings/go"
)

func main() {
	url := "redis://127.0.0.1:6379"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	client, err := rr.Open(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	visits, err := client.Incr(ctx, "visits:home page")
	switch {
	case err == nil:
		fmt.Println("visit", visits)
	case errors.Is(err, rr.ErrBuffered): // the server is away: applied when it is back, in order
		fmt.Println("accepted")
	default: // not applied, or of unknown outcome; never a guess
		fmt.Printf("%v: %v\n", rr.OutcomeOf(err), err)
	}

	report, err := client.CloseWithin(5 * time.Second) // sends what is still buffered
	if err == nil {
		fmt.Println(report.Drained, "sent,", report.Lost, "lost")
	}
}
