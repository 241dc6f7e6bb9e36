package rr

// Go's side of the callbacks: functions that C calls, on threads of the library. Each contains a panic of the program's
// function, which may not unwind through C: it is reported, and the callback counts as failed.

// #include <stdlib.h>
// #include "callbacks.h"
import "C"

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/cgo"
	"runtime/debug"
	"sync"
	"syscall"
	"unsafe"
)

// hooks is what a client calls of its program, and what becomes of panics in it.
type hooks struct {
	credentials CredentialsFunc
	resolver    ResolverFunc
	log         LogFunc
	onPanic     func(Panic)
	// How many calls may wait in C at once.
	maxWaits int
	// The line of the log that is being said, and those behind it.
	speech speech
	// The threads, by their numbers, in which functions of the program run that the library calls.
	threads sync.Map
	// Ends when the time to close is over, so that callbacks that wait for something return.
	life context.Context
	end  context.CancelFunc
}

func newHooks() *hooks {
	h := new(hooks)
	h.life, h.end = context.WithCancel(context.Background())
	return h
}

// Panic is a panic of a function of the program that was contained.
type Panic struct {
	// Where says which function: "credentials", "resolver", "log", "subscription".
	Where string
	// Value is what it panicked with.
	Value any
	// Stack is the goroutine's stack at that moment.
	Stack []byte
}

// contain is deferred around a call of the program's function: it reports a panic and sets *failed.
func (h *hooks) contain(where string, failed *bool) {
	value := recover()
	if value == nil {
		return
	}
	*failed = true
	h.report(Panic{Where: where, Value: value, Stack: debug.Stack()})
}

// report tells a panic to whom the program named for it, else to its log, else to the default logger.
func (h *hooks) report(p Panic) {
	defer func() {
		if value := recover(); value != nil {
			slog.Error("rr: the function that is told of panics panicked", "panic", fmt.Sprint(value))
		}
	}()
	switch {
	case h.onPanic != nil:
		h.onPanic(p)
	case h.log != nil && p.Where != "log":
		h.say(LogError, fmt.Sprintf("the program's %s function panicked: %v\n%s", p.Where, p.Value, p.Stack))
	default:
		slog.Error("rr: a function of the program panicked", "where", p.Where, "panic", fmt.Sprint(p.Value), "stack", string(p.Stack))
	}
}

//export rrgoDestroy
func rrgoDestroy(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
}

//export rrgoLog
func rrgoLog(level C.int32_t, message *C.char, handle C.uintptr_t) {
	h := cgo.Handle(handle).Value().(*hooks)
	defer h.enter()()
	h.say(LogLevel(level), C.GoString(message))
}

//export rrgoCredentials
func rrgoCredentials(place *C.rr_credentials, handle C.uintptr_t) (status C.int32_t) {
	h := cgo.Handle(handle).Value().(*hooks)
	defer h.enter()()
	given, ok := h.askCredentials()
	if !ok {
		return C.RR_ERR_AUTH
	}
	valid := given.ValidFor.Milliseconds()
	if given.ValidFor > 0 && valid == 0 {
		valid = 1
	}
	return C.rr_credentials_set(place,
		(*C.char)(unsafe.Pointer(unsafe.StringData(given.Username))), C.size_t(len(given.Username)),
		(*C.char)(unsafe.Pointer(unsafe.StringData(given.Password))), C.size_t(len(given.Password)),
		C.int64_t(valid), nil)
}

func (h *hooks) askCredentials() (given Credentials, ok bool) {
	var failed bool
	defer func() { ok = ok && !failed }()
	defer h.contain("credentials", &failed)
	given, err := h.credentials(h.life)
	if err != nil {
		h.note("the credentials function failed: " + err.Error())
	}
	return given, err == nil
}

//export rrgoResolve
func rrgoResolve(host *C.char, port C.uint16_t, place *C.rr_addresses, handle C.uintptr_t) (status C.int32_t) {
	h := cgo.Handle(handle).Value().(*hooks)
	defer h.enter()()
	var failed bool
	defer func() {
		if failed {
			status = C.RR_ERR_PANIC
		}
	}()
	defer h.contain("resolver", &failed)
	found, err := h.resolver(h.life, C.GoString(host), uint16(port))
	if err != nil {
		h.note("the resolver function failed: " + err.Error())
		return C.RR_ERR_SYSTEM
	}
	for _, address := range found {
		text := C.CString(address.Addr().String())
		status := C.rr_addresses_add(place, text, C.uint16_t(address.Port()), nil)
		C.free(unsafe.Pointer(text))
		if status < 0 {
			h.note(fmt.Sprintf("the resolver function gave %v, which is no address and port", address))
			return status
		}
	}
	return C.RR_OK
}

// enter marks that a function of the program runs in this thread, until what it gives is called. Until then the goroutine stays in it.
func (h *hooks) enter() (leave func()) {
	thread := syscall.Gettid()
	h.threads.Store(thread, nil)
	return func() { h.threads.Delete(thread) }
}

// inside tells whether the caller is called by a function of the program that the library calls.
func (h *hooks) inside() bool {
	_, found := h.threads.Load(syscall.Gettid())
	return found
}

// note says in the log what the library cannot know.
func (h *hooks) note(line string) {
	if h.log != nil {
		h.say(LogWarning, line)
	}
}
