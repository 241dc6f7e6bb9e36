package rr

// The server itself, and publishing.

import "time"

// Ping gives an error if the server does not answer.
func (commands) Ping() request[None] { return ask(cmd("PING"), done) }

// Echo gives back what it is given.
func (commands) Echo(text string) request[string] { return ask(cmd("ECHO").str(text), Value.Text) }

// Info gives what the server says of itself, in all sections or those named.
func (commands) Info(sections ...string) request[string] {
	return ask(cmd("INFO").strs(sections...), Value.Text)
}

// DBSize tells how many keys the database has.
func (commands) DBSize() request[int64] { return ask(cmd("DBSIZE"), Value.Int) }

// Time gives the server's clock.
func (commands) Time() request[time.Time] {
	return ask(cmd("TIME"), func(v Value) (time.Time, error) {
		parts, err := v.Ints()
		if err != nil {
			return time.Time{}, err
		}
		if len(parts) != 2 {
			return time.Time{}, v.mismatch("seconds and microseconds")
		}
		return time.Unix(parts[0], parts[1]*1000), nil
	})
}

// FlushDB deletes all keys of the database.
func (commands) FlushDB() request[None] { return ask(cmd("FLUSHDB"), done) }

// FlushAll deletes all keys of all databases.
func (commands) FlushAll() request[None] { return ask(cmd("FLUSHALL"), done) }

// ConfigGet gives the server's settings that match one of the patterns.
func (commands) ConfigGet(patterns ...string) request[map[string]string] {
	return askStringMap(cmd("CONFIG", "GET").strs(patterns...))
}

// ConfigSet changes a setting of the server.
func (commands) ConfigSet(name, value string) request[None] {
	return ask(cmd("CONFIG", "SET").str(name).str(value), done)
}

// ClientList gives the server's clients, one a line.
func (commands) ClientList() request[string] { return ask(cmd("CLIENT", "LIST"), Value.Text) }

// Role gives what the server is, as it says it.
func (commands) Role() request[Value] { return ask(cmd("ROLE"), asValue) }

// LastSave gives when the server last saved its data.
func (commands) LastSave() request[time.Time] {
	return ask(cmd("LASTSAVE"), func(v Value) (time.Time, error) {
		seconds, err := v.Int()
		return time.Unix(seconds, 0), err
	})
}

// Wait waits up to timeout (0: for ever) until so many replicas have what the client wrote before, and tells how many have.
func (commands) Wait(replicas int, timeout time.Duration) waiting[int64] {
	return await(cmd("WAIT").int(int64(replicas)).millis("WAIT", timeout), Value.Int)
}

// Publish publishes a message to a channel and tells how many clients got it.
func (commands) Publish(channel string, message any) request[int64] {
	return ask(cmd("PUBLISH").str(channel).value(message), Value.Int)
}

// SPublish publishes a message to a shard channel, from Redis 7 on, and tells how many clients got it.
func (commands) SPublish(channel string, message any) request[int64] {
	return ask(cmd("SPUBLISH").str(channel).value(message), Value.Int)
}

// PubSubChannels gives the channels that match a pattern ("": all) and that somebody is subscribed to.
func (commands) PubSubChannels(pattern string) request[[]string] {
	return askStrings(cmd("PUBSUB", "CHANNELS").when(pattern != "", pattern))
}

// PubSubNumSub tells of channels how many clients are subscribed to each.
func (commands) PubSubNumSub(channels ...string) request[map[string]int64] {
	return ask(cmd("PUBSUB", "NUMSUB").strs(channels...), func(v Value) (map[string]int64, error) {
		return mapOf(v, Value.Int)
	})
}

// PubSubNumPat tells how many patterns clients are subscribed to.
func (commands) PubSubNumPat() request[int64] { return ask(cmd("PUBSUB", "NUMPAT"), Value.Int) }
