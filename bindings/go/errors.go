package rr

// Why a call failed and what became of its command. An Error never changes and holds no memory of C.

// #include <resilient_redis.h>
import "C"

import (
	"context"
	"errors"
	"fmt"
)

// Status is the number that a call of the library returns. Each of the failures is an error itself, to be compared with
// by errors.Is.
type Status int32

// The failures. See the sentinels (ErrTimeout, ...) for what they mean.
const (
	StatusOK              Status = C.RR_OK
	StatusBuffered        Status = C.RR_BUFFERED
	StatusEmpty           Status = C.RR_EMPTY
	StatusNullArgument    Status = C.RR_ERR_NULL_ARGUMENT
	StatusInvalidArgument Status = C.RR_ERR_INVALID_ARGUMENT
	StatusConfig          Status = C.RR_ERR_CONFIG
	StatusPanic           Status = C.RR_ERR_PANIC
	StatusForked          Status = C.RR_ERR_FORKED
	StatusBusy            Status = C.RR_ERR_BUSY
	StatusInCallback      Status = C.RR_ERR_IN_CALLBACK
	StatusClosed          Status = C.RR_ERR_CLOSED
	StatusTimeout         Status = C.RR_ERR_TIMEOUT
	StatusConnectionLost  Status = C.RR_ERR_CONNECTION_LOST
	StatusGaveUp          Status = C.RR_ERR_GAVE_UP
	StatusBufferFull      Status = C.RR_ERR_BUFFER_FULL
	StatusExpired         Status = C.RR_ERR_EXPIRED
	StatusDropped         Status = C.RR_ERR_DROPPED
	StatusServer          Status = C.RR_ERR_SERVER
	StatusProtocol        Status = C.RR_ERR_PROTOCOL
	StatusAuth            Status = C.RR_ERR_AUTH
	StatusUnsupported     Status = C.RR_ERR_UNSUPPORTED
	StatusUnavailable     Status = C.RR_ERR_UNAVAILABLE
	StatusTooLarge        Status = C.RR_ERR_TOO_LARGE
	StatusSystem          Status = C.RR_ERR_SYSTEM
	StatusWouldBlock      Status = C.RR_ERR_WOULD_BLOCK
	StatusCancelled       Status = C.RR_ERR_CANCELLED
	StatusConflict        Status = C.RR_ERR_CONFLICT
	StatusTLS             Status = C.RR_ERR_TLS
)

// String gives the constant's name in C, such as "RR_ERR_TIMEOUT".
func (s Status) String() string { return C.GoString(C.rr_status_name(C.rr_status(s))) }

// Error makes a Status an error that errors.Is can look for.
func (s Status) Error() string { return s.String() }

// What errors.Is finds in an *Error.
var (
	// ErrInvalidArgument: an argument cannot be used; the message names it.
	ErrInvalidArgument error = StatusInvalidArgument
	// ErrConfig: an option, its value or a URL is wrong; the message says what would be right.
	ErrConfig error = StatusConfig
	// ErrPanic: the library itself, or a function of the program that it called, failed.
	ErrPanic error = StatusPanic
	// ErrBusy: another goroutine is using what belongs to one at a time.
	ErrBusy error = StatusBusy
	// ErrClosed: the client, or what was asked, is closed.
	ErrClosed error = StatusClosed
	// ErrTimeout: the time for the call has passed.
	ErrTimeout error = StatusTimeout
	// ErrConnectionLost: the connection was lost and the command is not sent again.
	ErrConnectionLost error = StatusConnectionLost
	// ErrGaveUp: the outage has lasted longer than the reconnect budget.
	ErrGaveUp error = StatusGaveUp
	// ErrBufferFull: there is an outage, and the buffer has no room.
	ErrBufferFull error = StatusBufferFull
	// ErrExpired: the command was in the buffer for too long.
	ErrExpired error = StatusExpired
	// ErrDropped: the command was dropped from the buffer for a newer one.
	ErrDropped error = StatusDropped
	// ErrServer: the server answered with an error; Error.Code is its first word.
	ErrServer error = StatusServer
	// ErrProtocol: the server sent what is not RESP, or more than the limits allow.
	ErrProtocol error = StatusProtocol
	// ErrAuth: the server refused the credentials.
	ErrAuth error = StatusAuth
	// ErrUnsupported: the command has a function of its own, or this version cannot do it.
	ErrUnsupported error = StatusUnsupported
	// ErrUnavailable: there is an outage, and reads_during_outage is fail.
	ErrUnavailable error = StatusUnavailable
	// ErrTooLarge: the command is larger than the limit.
	ErrTooLarge error = StatusTooLarge
	// ErrSystem: the operating system refused a thread, a socket or memory.
	ErrSystem error = StatusSystem
	// ErrCancelled: the call's context was cancelled; Error.Outcome says whether the command may have run.
	ErrCancelled error = StatusCancelled
	// ErrConflict: a watched key was changed, or the connection that watched was lost. Nothing was applied.
	ErrConflict error = StatusConflict
	// ErrTLS: the two ends did not agree on TLS, or on a certificate.
	ErrTLS error = StatusTLS
)

// ErrNil tells that there is no value: the key does not exist, or there was nothing to take in time.
var ErrNil = errors.New("rr: no value")

// ErrBuffered tells that a write was accepted during an outage and is applied after it: its value is not known. Methods
// that return only an error return nil in that case.
var ErrBuffered = errors.New("rr: buffered: applied after the outage, and the value is not known")

// ErrUnexpectedType tells that a reply came, and is not of the type that was asked for.
var ErrUnexpectedType = errors.New("rr: the reply is of another type")

// Outcome says what became of a command that did not return its reply.
type Outcome int32

const (
	// OutcomeNone: the failure is not about a command.
	OutcomeNone Outcome = C.RR_OUTCOME_NONE
	// OutcomeNotApplied: the server did not run it, and it will never be sent later. Issuing it again is safe.
	OutcomeNotApplied Outcome = C.RR_OUTCOME_NOT_APPLIED
	// OutcomeApplied: it ran, once; its reply is lost.
	OutcomeApplied Outcome = C.RR_OUTCOME_APPLIED
	// OutcomeUnknown: it was written and no answer came: it may have run. Look before issuing it again.
	OutcomeUnknown Outcome = C.RR_OUTCOME_UNKNOWN
)

// String gives the outcome in words.
func (o Outcome) String() string {
	switch o {
	case OutcomeNone:
		return "none"
	case OutcomeNotApplied:
		return "not applied"
	case OutcomeApplied:
		return "applied"
	case OutcomeUnknown:
		return "unknown"
	}
	return fmt.Sprintf("Outcome(%d)", int32(o))
}

// Error is why a call failed, and what became of the command.
type Error struct {
	// Status is the kind of failure; errors.Is compares with it.
	Status Status
	// Outcome says whether the command ran.
	Outcome Outcome
	// Code is the first word of the server's error, such as "WRONGTYPE"; "" if it was not the server's.
	Code string
	// Message is one sentence for people. It holds no credentials and no arguments of the command.
	Message string
	// Retryable: the command was not applied, and would have a fair chance if it were issued again.
	Retryable bool

	cause error
}

// Error gives the message and, where it matters, the outcome.
func (e *Error) Error() string {
	text := "rr: " + e.Message
	if e.Message == "" {
		text = "rr: " + e.Status.String()
	}
	if e.Outcome == OutcomeUnknown || e.Outcome == OutcomeApplied {
		text += " (outcome: " + e.Outcome.String() + ")"
	}
	return text
}

// Unwrap gives what led to it, such as context.Canceled; often nil.
func (e *Error) Unwrap() error { return e.cause }

// Is tells whether target is the error's Status.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// IsServerError tells whether err, or one that it wraps, is an error of the server with this code, such as "WRONGTYPE".
// With the code "" it tells whether it is any error of the server.
func IsServerError(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code != "" && (code == "" || e.Code == code)
}

// OutcomeOf says what became of the command that err is about. nil and ErrBuffered are not failures: OutcomeNone.
func OutcomeOf(err error) Outcome {
	var e *Error
	if errors.As(err, &e) {
		return e.Outcome
	}
	return OutcomeNone
}

// newError makes an Error of what a call in C gave, and frees that.
func newError(status C.rr_status, err *C.rr_error) *Error {
	if err == nil {
		return &Error{Status: Status(status), Message: Status(status).String()}
	}
	defer C.rr_error_free(err)
	return copyError(err)
}

// copyError copies an error that stays C's.
func copyError(err *C.rr_error) *Error {
	e := &Error{
		Status:    Status(C.rr_error_status(err)),
		Outcome:   Outcome(C.rr_error_outcome(err)),
		Message:   C.GoString(C.rr_error_message(err)),
		Retryable: bool(C.rr_error_is_retryable(err)),
	}
	if code := C.rr_error_server_code(err); code != nil {
		e.Code = C.GoString(code)
	}
	return e
}

// usageError tells that nothing was sent, because of how it was asked for.
func usageError(format string, args ...any) *Error {
	return &Error{Status: StatusInvalidArgument, Outcome: OutcomeNotApplied, Message: fmt.Sprintf(format, args...)}
}

// contextError tells that nothing was sent, because the context had ended.
func contextError(cause error) *Error {
	e := &Error{Status: StatusCancelled, Outcome: OutcomeNotApplied, Message: "the context was cancelled", cause: cause}
	if errors.Is(cause, context.DeadlineExceeded) {
		e.Status, e.Message = StatusTimeout, "the context's deadline has passed"
	}
	return e
}

// closedError tells that nothing was sent, because the client is closed.
func closedError() *Error {
	return &Error{Status: StatusClosed, Outcome: OutcomeNotApplied, Message: "the client is closed"}
}
