// Command outage writes through an outage. Eight goroutines share one client and push numbered values onto lists, whatever happens
// to the server meanwhile: kill it, start it again, and look at the account in the end.
//
//	outage [-t goroutines] [-r writes a second] [-s seconds] [-o file] redis://127.0.0.1:6379 [option=value ...]
//
// The goroutines, their pace and the counting are in workload.go. What is done with the client is all here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	rr "resilient-redis/bindings/go"
)

// check ends the program when it cannot even begin.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

var tell sync.Once

// issue is one write, and what became of it. There is no reconnecting here, no repeating and no waiting for the server: the client
// does that. What is left is to look at the error.
func issue(client *rr.Client, thread int, number int) fate {
	_, err := client.RPush(context.Background(), fmt.Sprint("demo:thread:", thread), number)
	switch {
	case err == nil:
		return replied
	case errors.Is(err, rr.ErrBuffered): // the server is away; it will be applied, in order, when it is back
		return buffered
	}
	tell.Do(func() { fmt.Fprintln(os.Stderr, "the first write that failed:", err) })
	switch rr.OutcomeOf(err) {
	case rr.OutcomeNotApplied: // it did not run and never will: safe to issue again
		return notApplied
	case rr.OutcomeApplied: // it ran, its reply is lost
		return applied
	}
	return unknown // it may have run: look before issuing it again
}

// happened shows events as they come, until the client is closed.
func happened(ctx context.Context, client *rr.Client, w *workload) {
	for event := range client.Events(ctx) {
		if event.Kind == rr.EventReconnecting { // one for every attempt that failed
			continue
		}
		seconds := 0.0
		if began := w.began.Load(); began != nil {
			seconds = event.Time.Sub(*began).Seconds()
		}
		fmt.Printf("%7.3f s  %s: %s\n", seconds, event.Kind, event.Message)
	}
}

func main() {
	w := new(workload)
	w.options()
	if flag.NArg() < 1 || !w.valid() {
		fmt.Fprintf(os.Stderr, "usage: %s [-t goroutines] [-r rate] [-s seconds] [-o file] url [option=value ...]\n", os.Args[0])
		os.Exit(2)
	}
	config, err := rr.ConfigFromURL(flag.Arg(0))
	check(err)
	for _, option := range flag.Args()[1:] {
		name, value, _ := strings.Cut(option, "=")
		check(config.Set(name, value))
	}
	client, err := rr.OpenConfig(config)
	check(err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	told := make(chan struct{})
	go func() {
		happened(ctx, client, w)
		close(told)
	}()
	ready, end := context.WithTimeout(ctx, 10*time.Second)
	defer end()
	check(client.WaitReady(ready))

	w.issue = func(thread, number int) fate { return issue(client, thread, number) }
	w.look = func() (int64, string) { return client.Buffered(), client.State().String() }
	w.run()

	// What is still buffered is sent before the program ends, and what could not be is told.
	flushed, done := context.WithTimeout(ctx, 30*time.Second)
	defer done()
	if err := client.Flush(flushed); err != nil {
		fmt.Fprintln(os.Stderr, "not everything could be sent:", err)
	}
	stats, err := client.Stats()
	check(err)
	report, err := client.CloseWithin(time.Second)
	check(err)
	<-told

	fmt.Println("version", rr.LibraryVersion())
	w.account()
	fmt.Println("account replayed", stats.Replayed)
	fmt.Println("account resent", stats.Resent)
	fmt.Println("account longest_outage_us", stats.LongestOutage.Microseconds())
	fmt.Println("account left_at_close", report.Lost+report.Unknown+report.Failed)
}
