package rr

// The common options as functions. Every option has its name, too: see Config.Set.

import (
	"log/slog"
	"net"
	"strconv"
	"time"
)

// WithOption sets an option by its name.
func WithOption(name, value string) Option {
	return func(c *Config) error { return c.Set(name, value) }
}

// with sets options by name, in pairs.
func with(pairs ...string) Option {
	return func(c *Config) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := c.Set(pairs[i], pairs[i+1]); err != nil {
				return err
			}
		}
		return nil
	}
}

func withDuration(name string, d time.Duration) Option {
	ms := d.Milliseconds()
	if d > 0 && d%time.Millisecond != 0 {
		ms++
	}
	return with(name, strconv.FormatInt(ms, 10))
}

// WithAddress sets the server's host and port, "host:port".
func WithAddress(address string) Option {
	return func(c *Config) error {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return &Error{Status: StatusConfig, Message: "the address is not host:port: " + err.Error(), cause: err}
		}
		return with("host", host, "port", port)(c)
	}
}

// WithUnixSocket sets the path of the server's unix socket.
func WithUnixSocket(path string) Option { return with("unix_socket", path) }

// WithLogin sets the user and password of every connection; without a user it is the user default.
func WithLogin(username, password string) Option {
	if username == "" {
		return with("password", password)
	}
	return with("username", username, "password", password)
}

// WithDB sets the database that every connection selects.
func WithDB(db int) Option { return with("db", strconv.Itoa(db)) }

// WithName sets the name that every connection gives itself.
func WithName(name string) Option { return with("client_name", name) }

// WithProtocol sets the version of the protocol: 2 or 3.
func WithProtocol(version int) Option { return with("protocol", strconv.Itoa(version)) }

// WithTLS has every connection made over TLS. The authorities are those in caFile, or the system's if that is "".
func WithTLS(caFile string) Option {
	if caFile == "" {
		return with("tls", "true")
	}
	return with("tls", "true", "tls_ca_file", caFile)
}

// WithCommandTimeout sets how long a call may take whose context has no deadline.
func WithCommandTimeout(d time.Duration) Option { return withDuration("command_timeout_ms", d) }

// WithConnectTimeout sets how long one attempt to connect may take.
func WithConnectTimeout(d time.Duration) Option { return withDuration("connect_timeout_ms", d) }

// WithGrace sets how long a write waits in an outage before it is buffered.
func WithGrace(d time.Duration) Option { return withDuration("outage_grace_ms", d) }

// WithBuffer sets how many commands, and how many bytes of them, are kept during an outage.
func WithBuffer(commands int, bytes int64) Option {
	return with("buffer_max_commands", strconv.Itoa(commands), "buffer_max_bytes", strconv.FormatInt(bytes, 10))
}

// WithoutBuffer makes writes wait through an outage as reads do.
func WithoutBuffer() Option { return with("buffer_commands", "false") }

// WithAtMostOnce makes that a write which was sent and not answered is not sent again: it fails, outcome unknown.
func WithAtMostOnce() Option { return with("delivery", "at_most_once") }

// WithReadFromReplica sets read_from. What is submitted goes to the primary all the same, and this package submits every command and
// pipeline: no reads of it go to a replica so far.
func WithReadFromReplica() Option { return with("read_from", "replica") }

// WithCredentials sets Config.Credentials.
func WithCredentials(f CredentialsFunc) Option {
	return func(c *Config) error { c.Credentials = f; return nil }
}

// WithResolver sets Config.Resolver.
func WithResolver(f ResolverFunc) Option {
	return func(c *Config) error { c.Resolver = f; return nil }
}

// WithLog sets Config.Log and Config.LogLevel.
func WithLog(level LogLevel, f LogFunc) Option {
	return func(c *Config) error { c.Log, c.LogLevel = f, level; return nil }
}

// WithLogger has the log go to logger, as far as that takes it.
func WithLogger(logger *slog.Logger) Option {
	return func(c *Config) error { c.Log, c.LogLevel = SlogSink(logger); return nil }
}

// WithOnPanic sets Config.OnPanic.
func WithOnPanic(f func(Panic)) Option {
	return func(c *Config) error { c.OnPanic = f; return nil }
}

// WithMaxWaits sets Config.MaxWaits.
func WithMaxWaits(n int) Option {
	return func(c *Config) error { c.MaxWaits = n; return nil }
}
