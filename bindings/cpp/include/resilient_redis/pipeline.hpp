// SPDX-License-Identifier: MIT OR Apache-2.0
// A batch of commands that are sent together, and the replies that come back together.
//
// A pipeline belongs to one thread at a time. It stays usable whatever became of it: what was added stays, to be executed
// again, until clear(). It may be destroyed before or after its client.

#ifndef RESILIENT_REDIS_PIPELINE_HPP
#define RESILIENT_REDIS_PIPELINE_HPP

#include "commands/commands.hpp"
#include "issue.hpp"
#include "replies.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace rr {

class Pipeline;

namespace detail {

template <class> using PipelineChain = Pipeline &;

} // namespace detail

/// `client.pipeline().set("a", "1").get("a").exec()`, or with a name: `rr::Pipeline p = client.pipeline(); p.set("a", "1");`.
/// What a method gives back is the pipeline itself, which ends with the statement if it has no name: keep no reference to it.
/// Each typed method of Client adds its command here; what type its reply has is said when it is taken:
/// Replies::get<T>(index).
class Pipeline : public Commands<Pipeline, detail::PipelineChain, detail::PipelineChain> {
public:
    static Result<Pipeline> make(rr_client *client, const PipelineOptions &options) {
        const rr_pipeline_options given = options.c_struct();
        rr_pipeline *pipeline = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_pipeline_new(client, &given, &pipeline, error.place());
        if (status < 0)
            return error.take(status);
        return Pipeline(pipeline);
    }

    /// Adds a command, which is copied. Without exceptions the first failure is kept and is what exec() gives back.
    template <class... A> Pipeline &command(A &&...arguments) {
        detail::with_arguments([this](const Arguments &all) { add(all); }, std::forward<A>(arguments)...);
        return *this;
    }

    /// Adds a script with its source, so that it runs in its place whatever the server knows.
    Pipeline &run(const Script &script, const Strings &keys = {}, const Strings &others = {}) {
        const detail::ScriptArguments all(keys, others);
        detail::ErrorPlace error;
        note(rr_pipeline_append_script(pipeline_.get(), script.c_ptr(), all.key_count, all.all.count(), all.all.data(),
                                       all.all.lengths(), error.place()),
             error);
        return *this;
    }

    /// How many commands it holds.
    std::size_t size() const noexcept {
        const std::int64_t length = rr_pipeline_length(pipeline_.get());
        return length > 0 ? static_cast<std::size_t>(length) : 0;
    }

    /// Sends them and waits for all replies. During an outage a pipeline that only writes is buffered as one unit:
    /// Replies::is_buffered(). A command that the server refused is told by Replies::get(); when only some were answered a
    /// PipelineError carries their replies, and when none was the error's outcome() holds for all.
    detail::Given<Replies> exec() {
#if RR_EXCEPTIONS
        Replies replies = try_exec().value();
        if (replies.failure())
            throw PipelineError(std::move(replies));
        return replies;
#else
        return try_exec();
#endif
    }

    /// The same, and never throws: Replies::failure() of its value says whether only some were answered.
    Result<Replies> try_exec() {
        if (failed_)
            return *failed_;
        rr_reply *reply = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_pipeline_execute(pipeline_.get(), &reply, error.place());
        Reply replies(reply); // from here on somebody frees it
        if (status < 0 && reply == nullptr)
            return error.take(status);
        if (status == RR_BUFFERED)
            return Replies(size());
        std::optional<Error> failure;
        if (status < 0)
            failure = error.take(status);
        return Replies(std::move(replies), std::move(failure));
    }

    /// Empties it.
    Pipeline &clear() {
        failed_.reset();
        detail::ErrorPlace error;
        note(rr_pipeline_clear(pipeline_.get(), error.place()), error);
        return *this;
    }

    // What the typed methods are made of.
    template <class T> Pipeline &read(const Arguments &arguments) { return add(arguments); }
    template <class T> Pipeline &write(const Arguments &arguments) { return add(arguments); }

    /// What could not be added, in a build without exceptions.
    const std::optional<Error> &error() const noexcept { return failed_; }

    rr_pipeline *c_ptr() const noexcept { return pipeline_.get(); }

private:
    struct Free {
        void operator()(rr_pipeline *pipeline) const noexcept { rr_pipeline_free(pipeline); }
    };

    explicit Pipeline(rr_pipeline *pipeline) : pipeline_(pipeline) {}

    Pipeline &add(const Arguments &arguments) {
        if (arguments.mistake() != nullptr) {
            note(detail::mistaken(arguments));
            return *this;
        }
        detail::ErrorPlace error;
        note(rr_pipeline_append(pipeline_.get(), arguments.count(), arguments.data(), arguments.lengths(), error.place()), error);
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

    std::unique_ptr<rr_pipeline, Free> pipeline_;
    std::optional<Error> failed_; // without exceptions: what could not be added
};

} // namespace rr

#endif
