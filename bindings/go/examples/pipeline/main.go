// Command pipeline sends many commands together, and looks at the result of each.
//
//	pipeline [redis://127.0.0.1:6379]
package main

import (
	"context"
	"fmt"
	"os"

	rr "resilient-redis/bindings/go"
)

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

	p := client.Pipeline()
	set := p.Set("demo:name", "Ada", 0)
	wrong := p.Incr("demo:name") // no number: an error in its place
	count := p.RPush("demo:list", "a", "b", "c")
	names := p.LRange("demo:list", 0, -1)
	p.Del("demo:name", "demo:list")
	values, err := p.Exec(ctx)
	if err != nil {
		return err // not all was answered; each result says what became of its command
	}
	if p.Buffered() {
		fmt.Println("the server is away: applied as one unit when it is back")
		return nil
	}
	fmt.Println(len(values), "values")
	fmt.Println("set:", set.Err())
	fmt.Println("wrong:", wrong.Err())
	fmt.Println("count:", count.Val())
	fmt.Println("names:", names.Val())

	// All or nothing, and nothing of other clients in between.
	_, err = client.TxPipelined(ctx, func(p *rr.Pipeline) error {
		p.Set("demo:from", 90, 0)
		p.Set("demo:to", 10, 0)
		p.Del("demo:from", "demo:to")
		return nil
	})
	return err
}
