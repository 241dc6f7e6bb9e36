package rr

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

// How long a test waits for what must happen.
const longest = 15 * time.Second

// open makes a client that is closed at the end of the test.
func open(t testing.TB, url string, options ...Option) *Client {
	t.Helper()
	c, err := Open(url, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := c.CloseWithin(0); err != nil {
			t.Error(err)
		}
	})
	return c
}

// started gives a server and a client that is connected to it.
func started(t testing.TB, options ...string) (*redistest.Server, *Client) {
	t.Helper()
	s := redistest.Start(t)
	c := open(t, s.URL(options...))
	must(t, c.WaitReady(ctxOf(t)))
	return s, c
}

// ctxOf ends with the test, or when that takes too long.
func ctxOf(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(longest); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it did not come about: %s", what)
}

// cancelWhenWritten calls cancel once more was written to the server than was until now.
func cancelWhenWritten(t testing.TB, c *Client, cancel func()) {
	written := got(c.Stats())(t).BytesWritten
	go func() {
		defer cancel()
		for end := time.Now().Add(longest); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if stats, err := c.Stats(); err != nil || stats.BytesWritten > written {
				return
			}
		}
	}()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same fails unless the two are equal.
func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// got gives a value, or ends the test.
func got[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// isError fails unless err is target and has this outcome.
func isError(t testing.TB, err, target error, outcome Outcome) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %v", err, target)
	}
	if of := OutcomeOf(err); of != outcome {
		t.Fatalf("%v: its outcome is %v, want %v", err, of, outcome)
	}
}

// leavesNothing fails when goroutines of this package are left at the end of the test that were not there at its beginning.
// The test must not run beside others.
func leavesNothing(t testing.TB) {
	t.Helper()
	before := ours()
	t.Cleanup(func() {
		after := 0
		for end := time.Now().Add(longest); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			if after = ours(); after <= before {
				return
			}
		}
		buffer := make([]byte, 1<<20)
		t.Errorf("%d goroutines at the beginning, %d at the end\n%s", before, after, buffer[:runtime.Stack(buffer, true)])
	})
}

// ours counts the goroutines that are in this package, tests aside.
func ours() (count int) {
	buffer := make([]byte, 1<<20)
	for _, stack := range strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		if strings.Contains(stack, "created by resilient-redis/bindings/go.") && !strings.Contains(stack, "_test.go") {
			count++
		}
	}
	return count
}

// collect has what is not in use any more be collected, and cleanups run.
func collect() {
	runtime.GC()
	runtime.Gosched()
}
