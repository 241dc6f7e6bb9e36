// Package rr is a client for Redis that carries a program through the restarts and outages of its server: it reconnects, keeps
// writes in order until the server is back, and says of every command what became of it.
//
//	client, err := rr.Open("redis://127.0.0.1:6379")
//	...
//	defer client.Close()
//	visits, err := client.Incr(ctx, "visits")
//	switch {
//	case err == nil: // the server answered
//	case errors.Is(err, rr.ErrBuffered): // the server is away; applied when it is back
//	default: // rr.OutcomeOf(err) says whether it ran, did not run, or may have
//	}
//
// It needs the library libresilient_redis, which pkg-config finds: see the README beside this file.
//
// # Commands
//
// [Client] has a method for each everyday command; [Client.Do] sends any other. [Client.With] gives the same methods with options,
// [Client.Pipelined] and [Client.TxPipelined] send many together, [Client.Watch] and [Client.Transact] execute only if what was
// read still holds, [Script] runs on a server that forgot it, too. [Client.Scan] and its like are iterators. Commands that wait at
// the server ([Client.BLPop], ...) have connections of their own: nobody waits behind them.
//
// # During an outage
//
// For the first 250 ms (outage_grace_ms) calls wait, and a shorter outage is seen by nobody. Then writes are buffered: methods that
// return only an error return nil, methods with a value return [ErrBuffered], and Do returns a [Reply] that says so. Reads wait for
// the server, or for the end of their time: [ErrTimeout], not applied. When the server is back, what was in flight goes first, then
// what was buffered, in order, then new commands. What the server refuses then is in the failed list ([Client.Failed]).
//
// # Errors
//
// Every failure of a call is an [*Error]: errors.Is tells its kind ([ErrTimeout], [ErrServer], ...), [OutcomeOf] what became of the
// command. [ErrNil] tells that there is no value.
//
// # Contexts
//
// A call's time is its Timeout or the time until its context's deadline, whichever is shorter; without either it is the option
// command_timeout_ms, which does not shorten a deadline. What it waits for its turn or for room is part of that. When a context ends, the
// call returns at once, and its error says whether the command may have run. What was taken back before it was written is never sent.
// errors.Is finds context.Canceled and context.DeadlineExceeded. A nil context is an error (ErrInvalidArgument).
//
// A call on a transaction returns up to 50 ms after its deadline, if its outcome is not known before. When its context is cancelled the call
// goes on in C without the caller, holding its place among Config.MaxWaits, for Timeout or command_timeout_ms at most.
//
// # Goroutines and threads
//
// Any number of goroutines may use a client, and share its connection; one client serves a program. Commands, scripts and pipelines hold
// no thread of the system while they wait, for room neither. These do: transactions, the beginning of a monitor, and commands that change
// the connection (SELECT, ...), up to Config.MaxWaits of them at a time; commands that wait at the server, up to private_max_connections
// of them at a time, while further ones wait their turn, for which only their context counts; each subscription, monitor, and goroutine
// that waits for an event or a state. A [Pipeline] and a [Tx] belong to one goroutine at a
// time. Functions of the program that C calls (Config.Credentials, Config.Resolver, Config.Log) run on threads of the library;
// what panics in them is contained and reported.
//
// End a client, a subscription and a monitor with Close. A client or a monitor that is forgotten is closed when it is collected,
// whenever that is; a subscription lasts, and so does its client.
package rr
