// SPDX-License-Identifier: MIT OR Apache-2.0
// How single calls differ from the settings of their client: small values that are chained together, as in
// rr::CommandOptions().timeout(50ms).no_buffer().
//
// A timeout of 0 is that of the option command_timeout_ms; a negative one is a UsageError of the call.

#ifndef RESILIENT_REDIS_OPTIONS_HPP
#define RESILIENT_REDIS_OPTIONS_HPP

#include <resilient_redis.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rr {

namespace detail {

/// What the options structs of C have in common. Derived is what the setters give back.
template <class Derived> class Options {
public:
    /// How long the call may take. 0: the option command_timeout_ms.
    Derived &timeout(std::chrono::milliseconds timeout) noexcept {
        timeout_ms_ = timeout.count();
        return self();
    }

    std::int64_t timeout_ms() const noexcept { return timeout_ms_; }
    std::uint32_t flags() const noexcept { return flags_; }

protected:
    Derived &flag(std::uint32_t flag, bool on) noexcept {
        flags_ = on ? flags_ | flag : flags_ & ~flag;
        return self();
    }

    template <class Struct> Struct filled() const noexcept {
        Struct options = Struct();
        options.struct_size = sizeof options;
        options.timeout_ms = timeout_ms_;
        options.flags = flags_;
        return options;
    }

private:
    Derived &self() noexcept { return static_cast<Derived &>(*this); }

    std::int64_t timeout_ms_ = 0;
    std::uint32_t flags_ = 0;
};

} // namespace detail

/// How one command differs.
class CommandOptions : public detail::Options<CommandOptions> {
public:
    /// During an outage, wait for the reply instead of being buffered.
    CommandOptions &no_buffer(bool on = true) noexcept { return flag(RR_COMMAND_NO_BUFFER, on); }
    /// Never write it a second time: if the connection is lost before the reply, its outcome is unknown.
    CommandOptions &no_retry(bool on = true) noexcept { return flag(RR_COMMAND_NO_RETRY, on); }
    /// Have the primary answer it, also if it only reads and the option read_from is replica. Scripts do not look at it: the
    /// primary runs them, always.
    CommandOptions &from_primary(bool on = true) noexcept { return flag(RR_COMMAND_FROM_PRIMARY, on); }
    /// Of a command that is submitted: wait for room, up to its time, instead of a WouldBlockError.
    CommandOptions &wait_for_room(bool on = true) noexcept { return flag(RR_SUBMIT_WAIT, on); }
    /// Of a write that is submitted: when an outage has it buffered, complete then, without a value, and not when it is
    /// answered.
    CommandOptions &until_buffered(bool on = true) noexcept { return flag(RR_SUBMIT_UNTIL_BUFFERED, on); }

    /// For a command that is waited for.
    rr_command_options waiting() const noexcept {
        rr_command_options options = filled<rr_command_options>();
        options.flags &= ~submit_flags;
        return options;
    }
    /// For a command that is submitted.
    rr_command_options submitting() const noexcept { return filled<rr_command_options>(); }
    /// For a pipeline that is submitted, whose other options are its own.
    std::uint32_t submitting_pipeline() const noexcept { return flags() & submit_flags; }

private:
    static constexpr std::uint32_t submit_flags = RR_SUBMIT_WAIT | RR_SUBMIT_UNTIL_BUFFERED;
};

/// How a pipeline is executed.
class PipelineOptions : public detail::Options<PipelineOptions> {
public:
    /// During an outage, wait for the replies instead of being buffered.
    PipelineOptions &no_buffer(bool on = true) noexcept { return flag(RR_PIPELINE_NO_BUFFER, on); }
    /// Never write a command of it a second time: if the connection is lost, the unanswered ones are of unknown outcome.
    PipelineOptions &no_retry(bool on = true) noexcept { return flag(RR_PIPELINE_NO_RETRY, on); }
    /// All or nothing, and nothing of other clients in between (MULTI and EXEC).
    PipelineOptions &atomic(bool on = true) noexcept { return flag(RR_PIPELINE_ATOMIC, on); }
    /// Have the primary answer it, also if all of it only reads and the option read_from is replica.
    PipelineOptions &from_primary(bool on = true) noexcept { return flag(RR_PIPELINE_FROM_PRIMARY, on); }

    rr_pipeline_options c_struct() const noexcept { return filled<rr_pipeline_options>(); }
};

/// How a script is run.
class ScriptOptions : public detail::Options<ScriptOptions> {
public:
    /// During an outage, wait for the reply instead of being buffered.
    ScriptOptions &no_buffer(bool on = true) noexcept { return flag(RR_SCRIPT_NO_BUFFER, on); }
    /// Never write it a second time: if the connection is lost before the reply, its outcome is unknown.
    ScriptOptions &no_retry(bool on = true) noexcept { return flag(RR_SCRIPT_NO_RETRY, on); }
    /// It only reads, and the server holds it to that (from Redis 7 on): during an outage it waits as a read.
    ScriptOptions &read_only(bool on = true) noexcept { return flag(RR_SCRIPT_READ_ONLY, on); }

    rr_script_options c_struct() const noexcept { return filled<rr_script_options>(); }
};

/// How a transaction is executed; the timeout is that of each call on it.
class TransactionOptions : public detail::Options<TransactionOptions> {
public:
    /// Never write it a second time: if the connection is lost before the reply, its outcome is unknown. With watched
    /// keys it never is.
    TransactionOptions &no_retry(bool on = true) noexcept { return flag(RR_TRANSACTION_NO_RETRY, on); }

    rr_transaction_options c_struct() const noexcept { return filled<rr_transaction_options>(); }
};

/// How many messages of a subscription wait to be taken. 0: what the client's options say.
class SubscriptionOptions {
public:
    SubscriptionOptions &queue_size(std::size_t messages) noexcept {
        options_.queue_size = messages;
        return *this;
    }
    SubscriptionOptions &queue_bytes(std::size_t bytes) noexcept {
        options_.queue_bytes = bytes;
        return *this;
    }

    rr_subscription_options c_struct() const noexcept {
        rr_subscription_options options = options_;
        options.struct_size = sizeof options;
        return options;
    }

private:
    rr_subscription_options options_ = rr_subscription_options();
};

} // namespace rr

#endif
