// SPDX-License-Identifier: MIT OR Apache-2.0
// Why a call failed and what became of its command: Error and the classes below it, made of an rr_error in one place.
//
// An Error is a value: copying it is cheap and throws nothing, and any number of threads may read it. It holds no
// credentials and no arguments of the command. With exceptions a failure is thrown as the class that fits its status;
// without them (-fno-exceptions) it is given back in a Result, as an Error. All of a program is compiled one way or the
// other.

#ifndef RESILIENT_REDIS_ERROR_HPP
#define RESILIENT_REDIS_ERROR_HPP

#include <resilient_redis.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

// What these headers need of the C header. The library that runs is looked at when the first client or config is made.
#if !defined(RR_VERSION_NUMBER) || RR_VERSION_NUMBER < 1000
#error "the C++ headers of resilient-redis need resilient_redis.h of version 0.1.0 (RR_VERSION_NUMBER 1000) or later"
#endif

// 1 when failures are thrown, 0 when they are given back.
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
#define RR_EXCEPTIONS 1
#else
#define RR_EXCEPTIONS 0
#endif

namespace rr {

/// What became of the command of a call that failed.
enum class Outcome : rr_outcome {
    /// The failure is not about a command.
    none = RR_OUTCOME_NONE,
    /// The server did not run it, and it will never be sent later. Issuing it again is safe.
    not_applied = RR_OUTCOME_NOT_APPLIED,
    /// It ran, once; its reply is lost, or could not be made into what the program asked for.
    applied = RR_OUTCOME_APPLIED,
    /// It was written and no answer came: it may have run.
    unknown = RR_OUTCOME_UNKNOWN
};

/// The constant's name, such as "RR_OUTCOME_UNKNOWN". Never NULL.
inline const char *name(Outcome outcome) noexcept { return rr_outcome_name(static_cast<rr_outcome>(outcome)); }

namespace detail {

constexpr rr_status conversion_status = -1000;

} // namespace detail

/// Why a call failed. what() is one sentence for people; for a server's error it is the server's own text.
class Error : public std::runtime_error {
public:
    Error(rr_status status, const std::string &message, Outcome outcome = Outcome::none)
        : std::runtime_error(message), status_(status), outcome_(outcome) {}

    /// Copies what is lent, as by rr_failed_error(). `status` is taken if `error` is NULL.
    Error(const rr_error *error, rr_status status) : Error(status, message_of(error, status)) {
        if (error == nullptr)
            return;
        status_ = rr_error_status(error);
        outcome_ = static_cast<Outcome>(rr_error_outcome(error));
        retryable_ = rr_error_is_retryable(error);
        if (const char *code = rr_error_server_code(error))
            server_code_ = std::make_shared<const std::string>(code);
    }

    /// RR_ERR_...; RR_BUFFERED for a BufferedError.
    rr_status status() const noexcept { return status_; }
    /// The status's name, such as "RR_ERR_TIMEOUT"; "rr::ConversionError" for that of this binding's own.
    const char *status_name() const noexcept {
        return status_ == detail::conversion_status ? "rr::ConversionError" : rr_status_name(status_);
    }
    Outcome outcome() const noexcept { return outcome_; }
    /// The first word of the server's error, such as "WRONGTYPE"; empty if the server did not answer with one.
    std::string server_code() const { return server_code_ ? *server_code_ : std::string(); }
    /// Would the same command have a fair chance if it were issued again, and could it not run twice?
    bool is_retryable() const noexcept { return retryable_; }

    /// Throws it as the class that fits its status. Without exceptions: says what it is and aborts.
    [[noreturn]] void raise() const;

protected:
    Error(rr_status status, const std::string &message, Outcome outcome, std::string server_code)
        : Error(status, message, outcome) {
        server_code_ = std::make_shared<const std::string>(std::move(server_code));
    }

private:
    static std::string message_of(const rr_error *error, rr_status status) {
        return error != nullptr ? rr_error_message(error) : rr_status_name(status);
    }

    rr_status status_;
    Outcome outcome_;
    bool retryable_ = false;
    std::shared_ptr<const std::string> server_code_; // shared, so that a copy allocates nothing
};

/// The call is wrong, or not possible here: an argument that cannot be used, a moved-from object, a call that is not
/// allowed inside a callback, an object that another thread uses or that belongs to the parent process, a command that
/// this version cannot carry or that is too large, a library that is older than the headers.
class UsageError : public Error {
public:
    explicit UsageError(const Error &error) : Error(error) {}
    explicit UsageError(const std::string &message) : Error(RR_ERR_INVALID_ARGUMENT, message, Outcome::not_applied) {}
};

/// An option's name or value, or a URL, is wrong; the message says what would be right.
class ConfigError : public Error {
public:
    explicit ConfigError(const Error &error) : Error(error) {}
};

/// The time given for the call has passed.
class TimeoutError : public Error {
public:
    explicit TimeoutError(const Error &error) : Error(error) {}
};

/// The client is closed, or closing.
class ClosedError : public Error {
public:
    explicit ClosedError(const Error &error) : Error(error) {}
};

/// There is no connection: it was lost and the command is not sent again, or the outage has lasted longer than the
/// reconnect budget.
class ConnectionError : public Error {
public:
    explicit ConnectionError(const Error &error) : Error(error) {}
};

/// The server refused the credentials.
class AuthError : public ConnectionError {
public:
    explicit AuthError(const Error &error) : ConnectionError(error) {}
};

/// A certificate was not taken, or the two found no way of TLS in common.
class TlsError : public ConnectionError {
public:
    explicit TlsError(const Error &error) : ConnectionError(error) {}
};

/// The buffer for writes during an outage has no room.
class BufferFullError : public Error {
public:
    explicit BufferFullError(const Error &error) : Error(error) {}
};

/// Submitting would have to wait for room: take completions, or ask to wait (CommandOptions::wait_for_room).
class WouldBlockError : public Error {
public:
    explicit WouldBlockError(const Error &error) : Error(error) {}
};

/// A buffered command was dropped to make room for a newer one, or became older than buffer_max_age_ms.
class DroppedError : public Error {
public:
    explicit DroppedError(const Error &error) : Error(error) {}
};

/// The server answered with an error: server_code() is its first word, what() its text.
class ServerError : public Error {
public:
    explicit ServerError(const Error &error) : Error(error) {}
    /// An error inside a reply, such as one command's of a pipeline.
    ServerError(const std::string &message, Outcome outcome)
        : Error(RR_ERR_SERVER, message, outcome, message.substr(0, message.find(' '))) {}
};

/// A watched key was changed, or the connection that watched was lost: the transaction did not run.
class ConflictError : public Error {
public:
    explicit ConflictError(const Error &error) : Error(error) {}
};
using WatchError = ConflictError;

/// The command was cancelled; outcome() says whether it may have run.
class CancelledError : public Error {
public:
    explicit CancelledError(const Error &error) : Error(error) {}
};

/// The server sent bytes that are not RESP, or beyond the limits set.
class ProtocolError : public Error {
public:
    explicit ProtocolError(const Error &error) : Error(error) {}
};

/// The operating system refused something: a thread, a socket, memory.
class SystemError : public Error {
public:
    explicit SystemError(const Error &error) : Error(error) {}
};

/// The library itself failed, which is a bug in it.
class InternalError : public Error {
public:
    explicit InternalError(const Error &error) : Error(error) {}
};

/// A value was asked for that there is not, because the write was accepted during an outage and is applied later. It is
/// no failure of the write: do not issue it again. Its outcome() is none, because what becomes of the write is not known yet.
class BufferedError : public Error {
public:
    explicit BufferedError(const Error &error) : Error(error) {}
    BufferedError() : Error(RR_BUFFERED, "the write was buffered during an outage: it is applied later and has no reply") {}
};

/// A reply, or a part of it, is not what the program wanted to have it as. The command ran: outcome() is applied, where
/// it is about a whole command.
class ConversionError : public Error {
public:
    explicit ConversionError(const Error &error) : Error(error) {}
    explicit ConversionError(std::string message, Outcome outcome = Outcome::none)
        : Error(conversion_status, message, outcome) {}

    /// No status of the C interface: conversions are this binding's own.
    static constexpr rr_status conversion_status = detail::conversion_status;
};

namespace detail {

/// A place for C to put an error: `call(..., error.place())`, then error.take(status).
class ErrorPlace {
public:
    ErrorPlace() = default;
    ErrorPlace(const ErrorPlace &) = delete;
    ErrorPlace &operator=(const ErrorPlace &) = delete;
    ~ErrorPlace() {
        if (error_ != nullptr)
            rr_error_free(error_);
    }

    rr_error **place() noexcept { return &error_; }
    Error take(rr_status status) const { return Error(error_, status); }

private:
    rr_error *error_ = nullptr;
};

/// Ends the program over a mistake that a build without exceptions cannot report otherwise.
[[noreturn]] inline void misuse(const char *what) noexcept {
    std::fprintf(stderr, "resilient_redis: %s\n", what);
    std::abort();
}

} // namespace detail

inline void Error::raise() const {
#if RR_EXCEPTIONS
    switch (status_) {
    case RR_ERR_NULL_ARGUMENT:
    case RR_ERR_INVALID_ARGUMENT:
    case RR_ERR_FORKED:
    case RR_ERR_BUSY:
    case RR_ERR_IN_CALLBACK:
    case RR_ERR_UNSUPPORTED:
    case RR_ERR_TOO_LARGE: throw UsageError(*this);
    case RR_ERR_CONFIG: throw ConfigError(*this);
    case RR_ERR_TIMEOUT: throw TimeoutError(*this);
    case RR_ERR_CLOSED: throw ClosedError(*this);
    case RR_ERR_CONNECTION_LOST:
    case RR_ERR_GAVE_UP:
    case RR_ERR_UNAVAILABLE: throw ConnectionError(*this);
    case RR_ERR_AUTH: throw AuthError(*this);
    case RR_ERR_TLS: throw TlsError(*this);
    case RR_ERR_BUFFER_FULL: throw BufferFullError(*this);
    case RR_ERR_WOULD_BLOCK: throw WouldBlockError(*this);
    case RR_ERR_DROPPED:
    case RR_ERR_EXPIRED: throw DroppedError(*this);
    case RR_ERR_SERVER: throw ServerError(*this);
    case RR_ERR_CONFLICT: throw ConflictError(*this);
    case RR_ERR_CANCELLED: throw CancelledError(*this);
    case RR_ERR_PROTOCOL: throw ProtocolError(*this);
    case RR_ERR_SYSTEM: throw SystemError(*this);
    case RR_ERR_PANIC: throw InternalError(*this);
    case RR_BUFFERED: throw BufferedError(*this);
    case ConversionError::conversion_status: throw ConversionError(*this);
    default: throw *this;
    }
#else
    detail::misuse(what());
#endif
}

} // namespace rr

#endif
