// SPDX-License-Identifier: MIT OR Apache-2.0
// Keys that are watched, and commands that are executed together unless one of those keys was changed meanwhile.
//
// A transaction belongs to one thread at a time. Once it was executed or discarded it is over, until watch() begins it
// anew. It may be destroyed before or after its client.

#ifndef RESILIENT_REDIS_TRANSACTION_HPP
#define RESILIENT_REDIS_TRANSACTION_HPP

#include "commands/commands.hpp"
#include "issue.hpp"
#include "replies.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace rr {

class Transaction;

namespace detail {

template <class> using TransactionChain = Transaction &;

} // namespace detail

/// Each typed method of Client adds its command to what is executed; `tx.now()` has the same methods for commands that are
/// sent at once, most often reads of what is watched.
class Transaction : public Commands<Transaction, detail::TransactionChain, detail::TransactionChain> {
public:
    /// The typed methods, sent at once over the connection that watches. A write is possible, is not part of what is
    /// executed, and makes that a conflict if its key is watched. Nothing is buffered.
    class Now : public Commands<Now, detail::Given, detail::Given> {
    public:
        explicit Now(Transaction &transaction) : transaction_(&transaction) {}

        template <class T> detail::Given<T> read(const Arguments &arguments) {
            return detail::give(detail::read<T>(transaction_->issue(arguments)));
        }
        template <class T> detail::Given<T> write(const Arguments &arguments) { return read<T>(arguments); }

    private:
        Transaction *transaction_;
    };

    /// Takes it over.
    explicit Transaction(rr_transaction *transaction) : transaction_(transaction, true) {}
    /// One that somebody else executes and frees.
    static Transaction lent(rr_transaction *transaction) { return Transaction(transaction, false); }

    static Result<Transaction> make(rr_client *client, const TransactionOptions &options, const Arguments &keys) {
        const rr_transaction_options given = options.c_struct();
        rr_transaction *transaction = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_transaction_new(client, &given, keys.count(), keys.data(), keys.lengths(), &transaction,
                                                    error.place());
        if (status < 0)
            return error.take(status);
        return Transaction(transaction);
    }

    /// Watches more keys; or, after it was executed or discarded, begins it anew.
    detail::Given<void> watch(const Strings &keys) { return detail::give(try_watch(keys)); }
    Result<void> try_watch(const Strings &keys) {
        const Arguments all(keys);
        detail::ErrorPlace error;
        return detail::done(
            rr_transaction_watch(transaction_.get_mutable(), all.count(), all.data(), all.lengths(), error.place()), error);
    }

    /// The typed methods for commands that are sent at once.
    Now now() { return Now(*this); }

    /// Sends a command at once and waits for its reply, read as a T. If the connection is lost: ConflictError for a read,
    /// ConnectionError of unknown outcome for a write; whatever follows is a conflict.
    template <class T = Reply, class... A> detail::Given<T> command(A &&...arguments) {
        return detail::give(try_command<T>(std::forward<A>(arguments)...));
    }
    template <class T = Reply, class... A> Result<T> try_command(A &&...arguments) {
        return detail::with_arguments([this](const Arguments &all) { return detail::read<T>(issue(all)); },
                                      std::forward<A>(arguments)...);
    }

    /// Adds a command, which is copied, to what is executed. Without exceptions the first failure is kept and is what
    /// exec() gives back.
    template <class... A> Transaction &queue(A &&...arguments) {
        detail::with_arguments([this](const Arguments &all) { add(all); }, std::forward<A>(arguments)...);
        return *this;
    }

    /// Adds a script with its source.
    Transaction &run(const Script &script, const Strings &keys = {}, const Strings &others = {}) {
        const detail::ScriptArguments all(keys, others);
        detail::ErrorPlace error;
        note(rr_transaction_queue_script(transaction_.get_mutable(), script.c_ptr(), all.key_count, all.all.count(),
                                         all.all.data(), all.all.lengths(), error.place()),
             error);
        return *this;
    }

    /// Executes what is queued, all of it or nothing, and waits. Whatever becomes of it, nothing is queued or watched
    /// afterwards. ConflictError: a watched key was changed, or the connection that watched is lost; it did not run, begin
    /// anew with fresh reads. A command that failed while it ran is told by Replies::get().
    detail::Given<Replies> exec() { return detail::give(try_exec()); }
    Result<Replies> try_exec() {
        if (failed_) {
            const Error failed = *failed_;
            static_cast<void>(try_discard());
            return failed;
        }
        rr_reply *reply = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_transaction_execute(transaction_.get_mutable(), &reply, error.place());
        if (status < 0)
            return error.take(status);
        return Replies(Reply(reply));
    }

    /// Forgets what is queued and watched.
    detail::Given<void> discard() { return detail::give(try_discard()); }
    Result<void> try_discard() {
        failed_.reset();
        detail::ErrorPlace error;
        return detail::done(rr_transaction_discard(transaction_.get_mutable(), error.place()), error);
    }

    // What the typed methods are made of.
    template <class T> Transaction &read(const Arguments &arguments) { return add(arguments); }
    template <class T> Transaction &write(const Arguments &arguments) { return add(arguments); }

    /// What could not be added, in a build without exceptions.
    const std::optional<Error> &error() const noexcept { return failed_; }

    rr_transaction *c_ptr() const noexcept { return transaction_.get_mutable(); }

private:
    Transaction(rr_transaction *transaction, bool owned) : transaction_(transaction, owned) {}

    Result<Reply> issue(const Arguments &arguments) {
        if (arguments.mistake() != nullptr)
            return detail::mistaken(arguments);
        rr_reply *reply = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_transaction_command(transaction_.get_mutable(), arguments.count(), arguments.data(),
                                                        arguments.lengths(), &reply, error.place());
        return detail::replied(status, reply, error);
    }

    Transaction &add(const Arguments &arguments) {
        if (arguments.mistake() != nullptr) {
            note(detail::mistaken(arguments));
            return *this;
        }
        detail::ErrorPlace error;
        note(rr_transaction_queue(transaction_.get_mutable(), arguments.count(), arguments.data(), arguments.lengths(),
                                  error.place()),
             error);
        return *this;
    }

    void note(rr_status status, const detail::ErrorPlace &error) {
        if (status < 0 && !failed_)
            note(error.take(status));
    }
    void note(const Error &error) {
#if RR_EXCEPTIONS
        error.raise();
#else
        if (!failed_)
            failed_ = error;
#endif
    }

    detail::Lent<rr_transaction, rr_transaction_free> transaction_;
    std::optional<Error> failed_; // without exceptions
};

namespace detail {

/// A function that prepares a transaction, and how it ended when it was last called. It is called on the thread that runs
/// the transaction, so that what it throws can be thrown again there.
template <class Function> class Preparation {
public:
    using Returned = std::invoke_result_t<Function &, Transaction &>;

    explicit Preparation(Function &function) : function_(function) {}

    static std::int32_t call(rr_transaction *transaction, void *userdata) noexcept {
        return static_cast<Preparation *>(userdata)->prepare(transaction);
    }

    /// What rr_transaction_run() gave, or why the function ended it.
    Result<std::optional<Replies>> ended(rr_status status, rr_reply *reply, const ErrorPlace &error) {
        if (status == RR_OK)
            return std::optional<Replies>(Replies(Reply(reply)));
#if RR_EXCEPTIONS
        if (status == gave_up && exception_)
            std::rethrow_exception(exception_);
#endif
        if (status == gave_up)
            return failed_ ? Result<std::optional<Replies>>(*failed_) : std::optional<Replies>();
        return error.take(status);
    }

private:
    // No status of the C interface.
    static constexpr std::int32_t gave_up = 1000;

    std::int32_t prepare(rr_transaction *handle) noexcept {
        failed_.reset();
        Transaction transaction = Transaction::lent(handle);
#if RR_EXCEPTIONS
        try {
            return call_function(transaction);
        } catch (const ConflictError &) {
            return RR_ERR_CONFLICT;
        } catch (...) {
            exception_ = std::current_exception();
            return gave_up;
        }
#else
        return call_function(transaction);
#endif
    }

    std::int32_t call_function(Transaction &transaction) {
        if constexpr (std::is_same_v<Returned, bool>) {
            if (!function_(transaction))
                return gave_up;
        } else if constexpr (std::is_same_v<Returned, Result<void>>) {
            const Result<void> result = function_(transaction);
            if (result.has_error())
                return fail(result.error());
        } else {
            static_assert(std::is_void_v<Returned>, "the function returns nothing, bool, or rr::Result<void>");
            function_(transaction);
        }
        return transaction.error() ? fail(*transaction.error()) : RR_OK;
    }

    std::int32_t fail(const Error &error) {
        if (error.status() == RR_ERR_CONFLICT)
            return RR_ERR_CONFLICT;
        failed_ = error;
        return gave_up;
    }

    Function &function_;
    std::exception_ptr exception_;
    std::optional<Error> failed_;
};

/// What transact() gives: a function that can give up by returning false has its replies in an optional.
template <class Function>
using Transacted = std::conditional_t<std::is_same_v<std::invoke_result_t<Function &, Transaction &>, bool>,
                                      std::optional<Replies>, Replies>;

template <class Function>
Result<Transacted<Function>> transact(rr_client *client, const Arguments &keys, Function &function, std::uint32_t attempts) {
    Preparation<Function> preparation(function);
    rr_reply *reply = nullptr;
    ErrorPlace error;
    const rr_status status = rr_transaction_run(client, keys.count(), keys.data(), keys.lengths(), Preparation<Function>::call,
                                                &preparation, attempts, &reply, error.place());
    Result<std::optional<Replies>> ended = preparation.ended(status, reply, error);
    if (ended.has_error())
        return ended.error();
    if constexpr (std::is_same_v<Transacted<Function>, Replies>)
        return std::move(**ended);
    else
        return std::move(*ended);
}

} // namespace detail

} // namespace rr

#endif
