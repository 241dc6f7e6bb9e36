// Command watch moves money between two accounts, from several goroutines at once, and none of it is lost or made.
//
//	watch [redis://127.0.0.1:6379]
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	rr "resilient-redis/bindings/go"
)

const (
	from, to   = "demo:account:from", "demo:account:to"
	goroutines = 8
	each       = 10
	attempts   = 1000
)

var errEmpty = errors.New("there is nothing left")

func main() {
	url := "redis://127.0.0.1:6379"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	if err := run(context.Background(), url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	client, err := rr.Open(url)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.MSet(ctx, from, goroutines*each, to, 0); err != nil {
		return err
	}
	var all sync.WaitGroup
	for range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			for range each {
				// The function is called again when somebody else was faster.
				if err := client.Transact(ctx, attempts, transfer(ctx), from, to); err != nil {
					fmt.Fprintln(os.Stderr, rr.OutcomeOf(err), err)
				}
			}
		}()
	}
	all.Wait()
	balances, err := client.MGet(ctx, from, to)
	if err != nil {
		return err
	}
	fmt.Println("from", balances[0], "to", balances[1])
	_, err = client.Del(ctx, from, to)
	return err
}

// transfer moves 1, if it is there.
func transfer(ctx context.Context) func(*rr.Tx) error {
	return func(tx *rr.Tx) error {
		text, err := tx.Get(ctx, from)
		if err != nil {
			return err
		}
		balance, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		if balance < 1 {
			return errEmpty
		}
		_, err = tx.TxPipelined(ctx, func(p *rr.Pipeline) error {
			p.Set(from, balance-1, 0)
			p.Incr(to)
			return nil
		})
		return err
	}
}
