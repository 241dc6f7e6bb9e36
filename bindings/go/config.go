package rr

// What a client is told before it is made: options by name, and functions of the program. Owns the handle of C, in which
// the options are checked and kept.

// #include <stdlib.h>
// #include "callbacks.h"
import "C"

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Credentials is a user and a password for a connection.
type Credentials struct {
	Username string // "" is the user default
	Password string
	// ValidFor is for how long the server takes them: when three quarters of it are over the function is asked again. 0: for
	// ever.
	ValidFor time.Duration
}

// CredentialsFunc gives user and password. It is asked for each connection that is made, and again before what it gave
// expires; on a thread of the library, once at a time for each client. An error, or a panic, is a failed attempt to connect.
// It must not use a client. Its context ends when the time that Close has to send what is left is over; Close waits for the function.
type CredentialsFunc func(ctx context.Context) (Credentials, error)

// ResolverFunc turns a host and a port into addresses, in the order in which they are tried. It is asked at each attempt to
// connect, on a thread of the library, for several connections of a client at the same time. Otherwise as CredentialsFunc.
type ResolverFunc func(ctx context.Context, host string, port uint16) ([]netip.AddrPort, error)

// Config is everything a client can be told. It can be used for any number of clients, and changed between them; a client
// keeps what it was told. Methods may be called by any goroutine; fields are set before the config is used.
type Config struct {
	// Credentials, unless nil, takes the place of the options username and password.
	Credentials CredentialsFunc
	// Resolver, unless nil, looks names up in place of the system.
	Resolver ResolverFunc
	// Log, unless nil, is given each line of the log up to LogLevel. See SlogSink for a *slog.Logger.
	Log LogFunc
	// LogLevel is LogInfo unless set.
	LogLevel LogLevel
	// OnPanic, unless nil, is told of panics in functions of the program that were contained; else Log is, else
	// slog.Default().
	OnPanic func(Panic)
	// MaxWaits is how many threads of the system one client may hold at once, for transactions, Monitor, and commands that
	// change the connection (SELECT, ...), which wait in C. Further ones wait their turn, as long as they may take. 256 unless set.
	MaxWaits int

	mu  sync.Mutex
	ptr *C.rr_config
	// Which functions the handle has got once: a config of C does not forget that it has one.
	hadCredentials, hadResolver bool
}

// An Option changes a config; the functions that begin with With make them.
type Option func(*Config) error

// NewConfig makes a config in which every option has its default, and applies options to it.
func NewConfig(options ...Option) (*Config, error) {
	ptr := C.rr_config_new()
	if ptr == nil {
		return nil, &Error{Status: StatusPanic, Message: "the library failed to make a config"}
	}
	return ownConfig(ptr, options)
}

// ConfigFromURL makes a config from a URL, as [Open] takes it. It never repeats a password in an error.
func ConfigFromURL(url string, options ...Option) (*Config, error) {
	text, failed := cString("the URL", url)
	if failed != nil {
		return nil, failed
	}
	defer C.free(unsafe.Pointer(text))
	var ptr *C.rr_config
	var err *C.rr_error
	if status := C.rr_config_from_url(text, &ptr, &err); status < 0 {
		return nil, newError(status, err)
	}
	return ownConfig(ptr, options)
}

// ConfigFromEnvironment makes a config from RR_URL and, for each option, RR_ and its name in capitals. No other goroutine may
// be changing the environment.
func ConfigFromEnvironment(options ...Option) (*Config, error) {
	var ptr *C.rr_config
	var err *C.rr_error
	if status := C.rr_config_from_environment(&ptr, &err); status < 0 {
		return nil, newError(status, err)
	}
	return ownConfig(ptr, options)
}

func ownConfig(ptr *C.rr_config, options []Option) (*Config, error) {
	c := &Config{ptr: ptr}
	// Frees memory of C only: it never waits, and calls nothing of Go.
	runtime.AddCleanup(c, func(ptr *C.rr_config) { C.rr_config_free(ptr) }, ptr)
	for _, option := range options {
		if err := option(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Set sets an option by its name, from text: docs/CONFIGURATION.md lists names and values. The error names the option, the
// value and what would be right; nothing is changed then.
func (c *Config) Set(name, value string) error {
	nameText, failed := cString("the option's name", name)
	if failed != nil {
		return failed
	}
	defer C.free(unsafe.Pointer(nameText))
	valueText, failed := cString("the value of "+name, value)
	if failed != nil {
		return failed
	}
	defer freeSecret(valueText, len(value))
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.made(); err != nil {
		return err
	}
	var err *C.rr_error
	if status := C.rr_config_set(c.ptr, nameText, valueText, &err); status < 0 {
		return newError(status, err)
	}
	return nil
}

// Get gives an option's value as text. A password reads back as "***".
func (c *Config) Get(name string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.made(); err != nil {
		return "", err
	}
	return c.get(name)
}

func (c *Config) get(name string) (string, error) {
	nameText, failed := cString("the option's name", name)
	if failed != nil {
		return "", failed
	}
	defer C.free(unsafe.Pointer(nameText))
	var value *C.char
	var err *C.rr_error
	if status := C.rr_config_get(c.ptr, nameText, &value, &err); status < 0 {
		return "", newError(status, err)
	}
	defer C.rr_string_free(value)
	return C.GoString(value), nil
}

func (c *Config) made() error {
	if c.ptr == nil {
		return &Error{Status: StatusConfig, Message: "a Config is made by NewConfig, ConfigFromURL or ConfigFromEnvironment"}
	}
	return nil
}

// cString copies text to C; a NUL in it would end it there.
func cString(what, text string) (*C.char, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, &Error{Status: StatusConfig, Message: what + " contains a NUL"}
	}
	return C.CString(text), nil
}

// freeSecret frees a text of C that may be a password, and leaves nothing of it there.
func freeSecret(text *C.char, length int) {
	clear(unsafe.Slice((*byte)(unsafe.Pointer(text)), length))
	C.free(unsafe.Pointer(text))
}

const defaultMaxWaits = 256

// newClient makes a client of C with the program's functions. The config keeps nothing of Go afterwards: what the client
// calls lives exactly as long as the client.
func (c *Config) newClient() (*C.rr_client, *hooks, error) {
	if c == nil {
		return nil, nil, &Error{Status: StatusNullArgument, Message: "the config is nil"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.made(); err != nil {
		return nil, nil, err
	}
	if c.MaxWaits < 0 {
		return nil, nil, &Error{Status: StatusConfig, Message: fmt.Sprintf("MaxWaits is %d: want a number above 0, or 0 for %d", c.MaxWaits, defaultMaxWaits)}
	}
	h := newHooks()
	h.maxWaits = cmp.Or(c.MaxWaits, defaultMaxWaits)
	h.credentials, h.resolver, h.log, h.onPanic = c.Credentials, c.Resolver, c.Log, c.OnPanic
	defer c.unregister(h)
	if failed := c.register(h); failed != nil {
		h.end()
		return nil, nil, failed
	}
	var ptr *C.rr_client
	var failure *C.rr_error
	status := C.rr_client_new(c.ptr, &ptr, &failure)
	if status < 0 {
		h.end()
		return nil, nil, newError(status, failure)
	}
	return ptr, h, nil
}

// register gives C the functions. Its destroy deletes each handle, also when it fails.
func (c *Config) register(h *hooks) error {
	var status C.rr_status
	var err *C.rr_error
	if h.log != nil {
		level := c.LogLevel
		if level == 0 {
			level = LogInfo
		}
		status = C.rrgo_set_log(c.ptr, C.int32_t(level), C.uintptr_t(cgo.NewHandle(h)), &err)
	}
	if status >= 0 && h.credentials != nil {
		c.hadCredentials = true
		status = C.rrgo_set_credentials(c.ptr, C.uintptr_t(cgo.NewHandle(h)), &err)
	}
	if status >= 0 && h.resolver != nil {
		c.hadResolver = true
		status = C.rrgo_set_resolver(c.ptr, C.uintptr_t(cgo.NewHandle(h)), &err)
	}
	switch {
	case status < 0:
		return newError(status, err)
	case c.hadCredentials && h.credentials == nil:
		return &Error{Status: StatusConfig, Message: "a client was made with Credentials from this Config: make another Config for one without"}
	case c.hadResolver && h.resolver == nil:
		return &Error{Status: StatusConfig, Message: "a client was made with a Resolver from this Config: make another Config for one without"}
	}
	return nil
}

// unregister has the handle of C forget the functions that it was given, or may have been.
func (c *Config) unregister(h *hooks) {
	if h.log != nil {
		C.rrgo_unset_log(c.ptr)
	}
	if h.credentials != nil && c.hadCredentials {
		C.rrgo_unset_credentials(c.ptr)
	}
	if h.resolver != nil && c.hadResolver {
		C.rrgo_unset_resolver(c.ptr)
	}
}
