package rr

// Iterators over what is too much for one reply: all keys, or all of a hash, set or sorted set.

import (
	"context"
	"iter"
)

// ScanOptions says what an iterator is to give.
type ScanOptions struct {
	Match string // a pattern; "" for all
	Count int64  // about how many the server looks at for one reply; 0 leaves it to the server
	Type  string // for Scan: keys of this type only
}

// Scan gives all keys, in no order. What exists from the beginning to the end comes at least once, perhaps more than once; what
// comes or goes meanwhile may or may not come. The error ends it.
func (c *Client) Scan(ctx context.Context, options ScanOptions) iter.Seq2[string, error] {
	return c.With(CommandOptions{}).Scan(ctx, options)
}

// SScan gives the members of a set, as Scan does.
func (c *Client) SScan(ctx context.Context, key string, options ScanOptions) iter.Seq2[string, error] {
	return c.With(CommandOptions{}).SScan(ctx, key, options)
}

// Field is a field of a hash, and its value.
type Field struct{ Name, Value string }

// HScan gives the fields of a hash, as Scan does.
func (c *Client) HScan(ctx context.Context, key string, options ScanOptions) iter.Seq2[Field, error] {
	return c.With(CommandOptions{}).HScan(ctx, key, options)
}

// ZScan gives the members of a sorted set, as Scan does.
func (c *Client) ZScan(ctx context.Context, key string, options ScanOptions) iter.Seq2[Z, error] {
	return c.With(CommandOptions{}).ZScan(ctx, key, options)
}

// Scan is Client.Scan with the options of the caller.
func (c Caller) Scan(ctx context.Context, options ScanOptions) iter.Seq2[string, error] {
	return scan(ctx, c, []string{"SCAN"}, options, Value.Strings)
}

// SScan is Client.SScan with the options of the caller.
func (c Caller) SScan(ctx context.Context, key string, options ScanOptions) iter.Seq2[string, error] {
	options.Type = ""
	return scan(ctx, c, []string{"SSCAN", key}, options, Value.Strings)
}

// HScan is Client.HScan with the options of the caller.
func (c Caller) HScan(ctx context.Context, key string, options ScanOptions) iter.Seq2[Field, error] {
	options.Type = ""
	return scan(ctx, c, []string{"HSCAN", key}, options, fields)
}

// ZScan is Client.ZScan with the options of the caller.
func (c Caller) ZScan(ctx context.Context, key string, options ScanOptions) iter.Seq2[Z, error] {
	options.Type = ""
	return scan(ctx, c, []string{"ZSCAN", key}, options, scored)
}

func fields(v Value) ([]Field, error) {
	pairs, err := v.Pairs()
	if err != nil {
		return nil, err
	}
	all := make([]Field, len(pairs))
	for i, pair := range pairs {
		if all[i].Name, err = pair.Key.Text(); err != nil {
			return nil, err
		}
		if all[i].Value, err = pair.Value.Text(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// batch is one reply of a scan.
type batch[T any] struct {
	cursor string
	all    []T
}

func scan[T any](ctx context.Context, c Caller, words []string, options ScanOptions, read func(Value) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := "0"; ; {
			b := cmd(words...).str(cursor).when(options.Match != "", "MATCH", options.Match).count(options.Count)
			got, err := run(ctx, c.client, c.options, ask(b.when(options.Type != "", "TYPE", options.Type), func(v Value) (batch[T], error) {
				return batchOf(v, read)
			}))
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, one := range got.all {
				if !yield(one, nil) {
					return
				}
			}
			if cursor = got.cursor; cursor == "0" {
				return
			}
		}
	}
}

func batchOf[T any](v Value, read func(Value) ([]T, error)) (b batch[T], err error) {
	parts, err := v.Slice()
	if err != nil {
		return b, err
	}
	if len(parts) != 2 {
		return b, v.mismatch("a cursor and elements")
	}
	if b.cursor, err = parts[0].Text(); err != nil {
		return b, err
	}
	b.all, err = read(parts[1])
	return b, err
}
