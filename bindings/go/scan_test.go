package rr

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestIteratorsGiveAllThereIs(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, "--appendonly", "no")
	for _, protocol := range []int{2, 3} {
		c := open(t, s.URL(), WithProtocol(protocol))
		ctx := ctxOf(t)
		must(t, c.FlushAll(ctx))
		const many = 500
		_, err := c.Pipelined(ctx, func(p *Pipeline) error {
			for i := range many {
				p.Set(fmt.Sprint("key:", i), i, 0)
				p.SAdd("set", i)
				p.HSet("hash", fmt.Sprint("f", i), i)
				p.ZAdd("zset", Z{float64(i), fmt.Sprint("m", i)})
			}
			return nil
		})
		must(t, err)
		count := func(what string, seen map[string]bool) {
			t.Helper()
			same(t, what, len(seen), many)
		}
		seen := map[string]bool{}
		for key, err := range c.Scan(ctx, ScanOptions{Match: "key:*", Count: 50, Type: "string"}) {
			must(t, err)
			seen[key] = true
		}
		count("keys", seen)
		seen = map[string]bool{}
		for member, err := range c.SScan(ctx, "set", ScanOptions{}) {
			must(t, err)
			seen[member] = true
		}
		count("members", seen)
		seen = map[string]bool{}
		for field, err := range c.HScan(ctx, "hash", ScanOptions{Count: 100}) {
			must(t, err)
			same(t, "the field of "+field.Value, field.Name, "f"+field.Value)
			seen[field.Name] = true
		}
		count("fields", seen)
		seen = map[string]bool{}
		for member, err := range c.ZScan(ctx, "zset", ScanOptions{}) {
			must(t, err)
			same(t, "the member", member.Member, fmt.Sprint("m", member.Score))
			seen[member.Member] = true
		}
		count("scored members", seen)
	}
}

func TestAnIteratorCanBeLeftAndRunAgainAndEndsWithAnError(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	must(t, second(c.SAdd(ctx, "set", 1, 2, 3)))
	all := c.With(CommandOptions{FromPrimary: true}).SScan(ctx, "set", ScanOptions{Type: "ignored"})
	for range 2 {
		count := 0
		for range all {
			if count++; count == 2 {
				break
			}
		}
		same(t, "members", count, 2)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for key, err := range c.Scan(ended, ScanOptions{}) {
		if key != "" || !errors.Is(err, context.Canceled) {
			t.Errorf("%q, %v", key, err)
		}
	}
	for _, err := range c.HScan(ctx, "set", ScanOptions{}) {
		isError(t, err, ErrServer, OutcomeNotApplied)
	}
}
