package rr

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

func TestOptionsAreSetByNameAndReadBack(t *testing.T) {
	c := got(NewConfig(
		WithAddress("cache.example.org:6380"), WithLogin("app", "very secret"), WithDB(3), WithName("shop"), WithProtocol(2),
		WithCommandTimeout(1500*time.Microsecond), WithConnectTimeout(time.Second), WithGrace(0), WithBuffer(7, 2048),
		WithAtMostOnce(), WithReadFromReplica(), WithTLS("/ca.pem"), WithOption("max_in_flight", "9"), WithMaxWaits(3),
	))(t)
	for name, want := range map[string]string{
		"host": "cache.example.org", "port": "6380", "username": "app", "password": "***", "db": "3", "client_name": "shop",
		"protocol": "2", "command_timeout_ms": "2", "connect_timeout_ms": "1000", "outage_grace_ms": "0", "buffer_max_commands": "7",
		"delivery": "at_most_once", "read_from": "replica", "tls": "true", "tls_ca_file": "/ca.pem", "max_in_flight": "9",
	} {
		same(t, name, got(c.Get(name))(t), want)
	}
	c = got(NewConfig(WithUnixSocket("/run/redis.sock"), WithoutBuffer(), WithLogin("", "p"), WithTLS("")))(t)
	same(t, "unix_socket", got(c.Get("unix_socket"))(t), "/run/redis.sock")
	same(t, "buffer_commands", got(c.Get("buffer_commands"))(t), "false")
	same(t, "username", got(c.Get("username"))(t), "")
	must(t, c.Set("db", "5"))
	same(t, "db", got(c.Get("db"))(t), "5")
}

func TestWhatIsWrongInAConfigIsNamedAndChangesNothing(t *testing.T) {
	c := got(NewConfig())(t)
	for want, err := range map[string]error{
		"no_such_option":     c.Set("no_such_option", "1"),
		"port":               c.Set("port", "70000"),
		"contains a NUL":     c.Set("host", "a\x00b"),
		"the option's name":  c.Set("ho\x00st", "b"),
		"no_such":            second(c.Get("no_such")),
		"the address":        WithAddress("nowhere")(c),
		"db":                 second(NewConfig(WithDB(-1))),
		"protocol":           second(NewConfig(WithProtocol(4))),
		"the URL":            second(ConfigFromURL("redis://a\x00b")),
		"scheme":             second(ConfigFromURL("http://localhost")),
		"made by NewConfig":  new(Config).Set("port", "1"),
		"made by":            second(new(Config).Get("port")),
		"MaxWaits is -1":     second(OpenConfig(got(NewConfig(WithMaxWaits(-1)))(t))),
		"command_timeout_ms": second(Open("redis://localhost", WithCommandTimeout(0))),
	} {
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	same(t, "port", got(c.Get("port"))(t), "6379")
	if _, err := OpenConfig(nil); !errors.Is(err, StatusNullArgument) {
		t.Errorf("%v", err)
	}
	if _, err := ConfigFromURL("redis://app:very-secret@host:99999"); err == nil || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("%v", err)
	}
}

func TestTheEnvironmentIsReadWhenAsked(t *testing.T) {
	t.Setenv("RR_URL", "redis://cache.example.org:1234/2")
	t.Setenv("RR_COMMAND_TIMEOUT_MS", "77")
	c := got(ConfigFromEnvironment(WithDB(4)))(t)
	for name, want := range map[string]string{"host": "cache.example.org", "port": "1234", "db": "4", "command_timeout_ms": "77"} {
		same(t, name, got(c.Get(name))(t), want)
	}
	t.Setenv("RR_DB", "many")
	if _, err := ConfigFromEnvironment(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "RR_DB") {
		t.Errorf("%v", err)
	}
}

func TestAConfigServesSeveralClientsAndIsChangedBetweenThem(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	config := got(ConfigFromURL(s.URL()))(t)
	for _, db := range []string{"1", "2"} {
		must(t, config.Set("db", db))
		c := got(OpenConfig(config))(t)
		must(t, c.Set(ctxOf(t), "k", db, 0))
		must(t, c.Close())
	}
	both := open(t, s.URL(), WithDB(2))
	same(t, "the second", got(both.Get(ctxOf(t), "k"))(t), "2")
}

func TestAConfigKeepsNoFunctionOfAClientThatWasNotMade(t *testing.T) {
	s := redistest.Start(t)
	config := got(ConfigFromURL(s.URL()))(t)
	credentials := func(context.Context) (Credentials, error) { return Credentials{}, errors.New("none") }
	config.Credentials = credentials
	must(t, second(got(OpenConfig(config))(t).CloseWithin(0)))
	var lines atomic.Int32
	config.Credentials, config.LogLevel = nil, LogDebug
	config.Log = func(LogLevel, string) { lines.Add(1) }
	if _, err := OpenConfig(config); !errors.Is(err, ErrConfig) {
		t.Fatal(err)
	}
	config.Log, config.Credentials = nil, credentials
	c := got(OpenConfig(config))(t)
	eventually(t, "it tries to connect", func() bool { return got(c.Stats())(t).ConnectFailures > 0 })
	must(t, second(c.CloseWithin(0)))
	same(t, "lines for a function that the config has no more", lines.Load(), 0)
}
