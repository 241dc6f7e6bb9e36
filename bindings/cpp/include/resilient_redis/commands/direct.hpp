// SPDX-License-Identifier: MIT OR Apache-2.0
// What only something that waits for its replies can have beside the typed commands: forms that fill an output iterator, and
// ranges that scan.
//
//     std::vector<std::string> names;
//     client.lrange("names", 0, -1, std::back_inserter(names));
//
// An output form reads elements as what its iterator takes, std::string where that cannot be told, and gives back the iterator
// behind the last. Of sorted sets an iterator that takes pairs gets the scores, too. A form of a command that writes throws
// BufferedError if it was buffered, and so has no elements to give.
//
// Without exceptions there is nothing here: what fails has no way to say so. The other forms give a Result.

#ifndef RESILIENT_REDIS_COMMANDS_DIRECT_HPP
#define RESILIENT_REDIS_COMMANDS_DIRECT_HPP

#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../answer.hpp"
#include "commands.hpp"
#include "../scan.hpp"

namespace rr {

namespace detail {

/// What an output iterator takes, if that can be told.
template <class Output, class = void>
struct OutputElementOf {
    using type = std::string;
};

template <class Output>
struct OutputElementOf<Output, std::enable_if_t<!std::is_void_v<IteratorValue<Output>>>> {
    using type = typename Element<IteratorValue<Output>>::type;
};

template <class Output>
struct OutputElementOf<Output, std::void_t<typename Output::container_type>> {
    using type = typename Element<typename Output::container_type::value_type>::type;
};

template <class Output>
using OutputElement = typename OutputElementOf<Output>::type;

/// Is it an iterator?
template <class Output>
using RequireOutput = typename std::iterator_traits<Output>::iterator_category;

template <class T, class Output>
Output fill(std::vector<T> items, Output output) {
    for (auto &&item : items) {
        *output = static_cast<T>(std::move(item));
        ++output;
    }
    return output;
}

} // namespace detail

/// Commands with output forms and ranges. It is inherited in the place of Commands.
template <class Derived, template <class> class Read = detail::Given, template <class> class Write = Answer>
class DirectCommands : public Commands<Derived, Read, Write> {
#if RR_EXCEPTIONS
    using Base = Commands<Derived, Read, Write>;

    template <class Output>
    using Items = std::vector<detail::OutputElement<Output>>;

public:
    using Base::keys;

    template <class Output, class = detail::RequireOutput<Output>>
    Output keys(std::string_view pattern, Output output) {
        return detail::fill(Base::template keys<Items<Output>>(pattern), output);
    }

    using Base::mget;

    template <class Output, class = detail::RequireOutput<Output>>
    Output mget(const Strings &keys, Output output) {
        return detail::fill(Base::template mget<Items<Output>>(keys), output);
    }

    template <class It, class Output, class = detail::RequireIterator<It>, class = detail::RequireOutput<Output>>
    Output mget(It first, It last, Output output) {
        return detail::fill(Base::template mget<Items<Output>>(first, last), output);
    }

    using Base::hmget;

    template <class Output, class = detail::RequireOutput<Output>>
    Output hmget(std::string_view key, const Strings &fields, Output output) {
        return detail::fill(Base::template hmget<Items<Output>>(key, fields), output);
    }

    template <class It, class Output, class = detail::RequireIterator<It>, class = detail::RequireOutput<Output>>
    Output hmget(std::string_view key, It first, It last, Output output) {
        return detail::fill(Base::template hmget<Items<Output>>(key, first, last), output);
    }

    using Base::hgetall;

    template <class Output, class = detail::RequireOutput<Output>>
    Output hgetall(std::string_view key, Output output) {
        return detail::fill(Base::template hgetall<Items<Output>>(key), output);
    }

    using Base::hkeys;

    template <class Output, class = detail::RequireOutput<Output>>
    Output hkeys(std::string_view key, Output output) {
        return detail::fill(Base::template hkeys<Items<Output>>(key), output);
    }

    using Base::hvals;

    template <class Output, class = detail::RequireOutput<Output>>
    Output hvals(std::string_view key, Output output) {
        return detail::fill(Base::template hvals<Items<Output>>(key), output);
    }

    using Base::hrandfield;

    template <class Output, class = detail::RequireOutput<Output>>
    Output hrandfield(std::string_view key, long long count, Output output) {
        return detail::fill(Base::template hrandfield<Items<Output>>(key, count), output);
    }

    using Base::lrange;

    template <class Output, class = detail::RequireOutput<Output>>
    Output lrange(std::string_view key, long long start, long long stop, Output output) {
        return detail::fill(Base::template lrange<Items<Output>>(key, start, stop), output);
    }

    using Base::lpop;

    template <class Output, class = detail::RequireOutput<Output>>
    Output lpop(std::string_view key, long long count, Output output) {
        return detail::fill(Base::template lpop<Items<Output>>(key, count).value(), output);
    }

    using Base::rpop;

    template <class Output, class = detail::RequireOutput<Output>>
    Output rpop(std::string_view key, long long count, Output output) {
        return detail::fill(Base::template rpop<Items<Output>>(key, count).value(), output);
    }

    using Base::smembers;

    template <class Output, class = detail::RequireOutput<Output>>
    Output smembers(std::string_view key, Output output) {
        return detail::fill(Base::template smembers<Items<Output>>(key), output);
    }

    using Base::sdiff;

    template <class Output, class = detail::RequireOutput<Output>>
    Output sdiff(const Strings &keys, Output output) {
        return detail::fill(Base::template sdiff<Items<Output>>(keys), output);
    }

    template <class It, class Output, class = detail::RequireIterator<It>, class = detail::RequireOutput<Output>>
    Output sdiff(It first, It last, Output output) {
        return detail::fill(Base::template sdiff<Items<Output>>(first, last), output);
    }

    using Base::sinter;

    template <class Output, class = detail::RequireOutput<Output>>
    Output sinter(const Strings &keys, Output output) {
        return detail::fill(Base::template sinter<Items<Output>>(keys), output);
    }

    template <class It, class Output, class = detail::RequireIterator<It>, class = detail::RequireOutput<Output>>
    Output sinter(It first, It last, Output output) {
        return detail::fill(Base::template sinter<Items<Output>>(first, last), output);
    }

    using Base::sunion;

    template <class Output, class = detail::RequireOutput<Output>>
    Output sunion(const Strings &keys, Output output) {
        return detail::fill(Base::template sunion<Items<Output>>(keys), output);
    }

    template <class It, class Output, class = detail::RequireIterator<It>, class = detail::RequireOutput<Output>>
    Output sunion(It first, It last, Output output) {
        return detail::fill(Base::template sunion<Items<Output>>(first, last), output);
    }

    using Base::spop;

    template <class Output, class = detail::RequireOutput<Output>>
    Output spop(std::string_view key, long long count, Output output) {
        return detail::fill(Base::template spop<Items<Output>>(key, count).value(), output);
    }

    using Base::srandmember;

    template <class Output, class = detail::RequireOutput<Output>>
    Output srandmember(std::string_view key, long long count, Output output) {
        return detail::fill(Base::template srandmember<Items<Output>>(key, count), output);
    }

    using Base::zrange;

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrange(std::string_view key, long long start, long long stop, Output output) {
        if constexpr (detail::IsPair<detail::OutputElement<Output>>::value)
            return detail::fill(Base::template zrange_with_scores<Items<Output>>(key, start, stop), output);
        else
            return detail::fill(Base::template zrange<Items<Output>>(key, start, stop), output);
    }

    using Base::zrevrange;

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrevrange(std::string_view key, long long start, long long stop, Output output) {
        if constexpr (detail::IsPair<detail::OutputElement<Output>>::value)
            return detail::fill(Base::template zrevrange_with_scores<Items<Output>>(key, start, stop), output);
        else
            return detail::fill(Base::template zrevrange<Items<Output>>(key, start, stop), output);
    }

    using Base::zrangebyscore;

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrangebyscore(std::string_view key, const detail::Interval &scores, Output output) {
        if constexpr (detail::IsPair<detail::OutputElement<Output>>::value)
            return detail::fill(Base::template zrangebyscore_with_scores<Items<Output>>(key, scores), output);
        else
            return detail::fill(Base::template zrangebyscore<Items<Output>>(key, scores), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrangebyscore(std::string_view key, const detail::Interval &scores, const LimitOptions &limit,
                         Output output) {
        if constexpr (detail::IsPair<detail::OutputElement<Output>>::value)
            return detail::fill(Base::template zrangebyscore_with_scores<Items<Output>>(key, scores, limit), output);
        else
            return detail::fill(Base::template zrangebyscore<Items<Output>>(key, scores, limit), output);
    }

    using Base::zrevrangebyscore;

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrevrangebyscore(std::string_view key, const detail::Interval &scores, Output output) {
        if constexpr (detail::IsPair<detail::OutputElement<Output>>::value)
            return detail::fill(Base::template zrevrangebyscore_with_scores<Items<Output>>(key, scores), output);
        else
            return detail::fill(Base::template zrevrangebyscore<Items<Output>>(key, scores), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrevrangebyscore(std::string_view key, const detail::Interval &scores, const LimitOptions &limit,
                            Output output) {
        if constexpr (detail::IsPair<detail::OutputElement<Output>>::value)
            return detail::fill(Base::template zrevrangebyscore_with_scores<Items<Output>>(key, scores, limit),
                                output);
        else
            return detail::fill(Base::template zrevrangebyscore<Items<Output>>(key, scores, limit), output);
    }

    using Base::zrangebylex;

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrangebylex(std::string_view key, const detail::Interval &members, Output output) {
        return detail::fill(Base::template zrangebylex<Items<Output>>(key, members), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrangebylex(std::string_view key, const detail::Interval &members, const LimitOptions &limit,
                       Output output) {
        return detail::fill(Base::template zrangebylex<Items<Output>>(key, members, limit), output);
    }

    using Base::zrevrangebylex;

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrevrangebylex(std::string_view key, const detail::Interval &members, Output output) {
        return detail::fill(Base::template zrevrangebylex<Items<Output>>(key, members), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output zrevrangebylex(std::string_view key, const detail::Interval &members, const LimitOptions &limit,
                          Output output) {
        return detail::fill(Base::template zrevrangebylex<Items<Output>>(key, members, limit), output);
    }

    using Base::zpopmin;

    template <class Output, class = detail::RequireOutput<Output>>
    Output zpopmin(std::string_view key, long long count, Output output) {
        return detail::fill(Base::template zpopmin<Items<Output>>(key, count).value(), output);
    }

    using Base::zpopmax;

    template <class Output, class = detail::RequireOutput<Output>>
    Output zpopmax(std::string_view key, long long count, Output output) {
        return detail::fill(Base::template zpopmax<Items<Output>>(key, count).value(), output);
    }

    using Base::geohash;

    template <class Output, class = detail::RequireOutput<Output>>
    Output geohash(std::string_view key, const Strings &members, Output output) {
        return detail::fill(Base::template geohash<Items<Output>>(key, members), output);
    }

    using Base::geopos;

    template <class Output, class = detail::RequireOutput<Output>>
    Output geopos(std::string_view key, const Strings &members, Output output) {
        return detail::fill(Base::template geopos<Items<Output>>(key, members), output);
    }

    using Base::xrange;

    template <class Output, class = detail::RequireOutput<Output>>
    Output xrange(std::string_view key, std::string_view start, std::string_view end, Output output) {
        return detail::fill(Base::template xrange<Items<Output>>(key, start, end), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xrange(std::string_view key, std::string_view start, std::string_view end, long long count,
                  Output output) {
        return detail::fill(Base::template xrange<Items<Output>>(key, start, end, count), output);
    }

    using Base::xrevrange;

    template <class Output, class = detail::RequireOutput<Output>>
    Output xrevrange(std::string_view key, std::string_view end, std::string_view start, Output output) {
        return detail::fill(Base::template xrevrange<Items<Output>>(key, end, start), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xrevrange(std::string_view key, std::string_view end, std::string_view start, long long count,
                     Output output) {
        return detail::fill(Base::template xrevrange<Items<Output>>(key, end, start, count), output);
    }

    using Base::xread;

    template <class Output, class = detail::RequireOutput<Output>>
    Output xread(std::string_view key, std::string_view id, Output output) {
        return detail::fill(Base::template xread<Items<Output>>(key, id), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xread(std::string_view key, std::string_view id, long long count, Output output) {
        return detail::fill(Base::template xread<Items<Output>>(key, id, count), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xread(std::string_view key, std::string_view id, std::chrono::milliseconds timeout, Output output) {
        return detail::fill(Base::template xread<Items<Output>>(key, id, timeout), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xread(std::string_view key, std::string_view id, std::chrono::milliseconds timeout, long long count,
                 Output output) {
        return detail::fill(Base::template xread<Items<Output>>(key, id, timeout, count), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xread(const Pairs &streams, Output output) {
        return detail::fill(Base::template xread<Items<Output>>(streams), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xread(const Pairs &streams, long long count, Output output) {
        return detail::fill(Base::template xread<Items<Output>>(streams, count), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xread(const Pairs &streams, std::chrono::milliseconds timeout, Output output) {
        return detail::fill(Base::template xread<Items<Output>>(streams, timeout), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xread(const Pairs &streams, std::chrono::milliseconds timeout, long long count, Output output) {
        return detail::fill(Base::template xread<Items<Output>>(streams, timeout, count), output);
    }

    using Base::xreadgroup;

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, std::string_view key, std::string_view id,
                      Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, key, id).value(), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, std::string_view key, std::string_view id,
                      long long count, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, key, id, count).value(),
                            output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, std::string_view key, std::string_view id,
                      long long count, bool noack, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, key, id, count, noack).value(),
                            output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, std::string_view key, std::string_view id,
                      std::chrono::milliseconds timeout, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, key, id, timeout), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, std::string_view key, std::string_view id,
                      std::chrono::milliseconds timeout, long long count, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, key, id, timeout, count),
                            output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, std::string_view key, std::string_view id,
                      std::chrono::milliseconds timeout, long long count, bool noack, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, key, id, timeout, count, noack),
                            output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, const Pairs &streams, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, streams).value(), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, const Pairs &streams, long long count,
                      Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, streams, count).value(),
                            output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, const Pairs &streams, long long count,
                      bool noack, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, streams, count, noack).value(),
                            output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, const Pairs &streams,
                      std::chrono::milliseconds timeout, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, streams, timeout), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, const Pairs &streams,
                      std::chrono::milliseconds timeout, long long count, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, streams, timeout, count),
                            output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    Output xreadgroup(std::string_view group, std::string_view consumer, const Pairs &streams,
                      std::chrono::milliseconds timeout, long long count, bool noack, Output output) {
        return detail::fill(Base::template xreadgroup<Items<Output>>(group, consumer, streams, timeout, count, noack),
                            output);
    }

    using Base::xclaim;

    template <class Output, class = detail::RequireOutput<Output>>
    Output xclaim(std::string_view key, std::string_view group, std::string_view consumer,
                  std::chrono::milliseconds min_idle_time, const Strings &ids, Output output) {
        return detail::fill(Base::template xclaim<Items<Output>>(key, group, consumer, min_idle_time, ids).value(),
                            output);
    }

    /// All keys that match, in a loop: see scan.hpp. `count`: about how many the server looks at for a page.
    ScanRange<std::string> scan(std::string_view match = {}, long long count = 0) {
        return scan(ScanOptions{std::string(match), count, {}});
    }

    ScanRange<std::string> scan(const ScanOptions &options) {
        return range_<std::string>([options](Derived &derived, std::uint64_t cursor) {
            return derived.scan_page(cursor, options);
        });
    }

    /// The fields of a hash and their values, in a loop.
    ScanRange<std::pair<std::string, std::string>> hscan(std::string_view key, std::string_view match = {},
                                                         long long count = 0) {
        return range_<std::pair<std::string, std::string>>(
            [key = std::string(key), options = ScanOptions{std::string(match), count, {}}](
                Derived &derived, std::uint64_t cursor) { return derived.hscan_page(key, cursor, options); });
    }

    /// The members of a set, in a loop.
    ScanRange<std::string> sscan(std::string_view key, std::string_view match = {}, long long count = 0) {
        return range_<std::string>(
            [key = std::string(key), options = ScanOptions{std::string(match), count, {}}](
                Derived &derived, std::uint64_t cursor) { return derived.sscan_page(key, cursor, options); });
    }

    /// The members of a sorted set and their scores, in a loop.
    ScanRange<std::pair<std::string, double>> zscan(std::string_view key, std::string_view match = {},
                                                    long long count = 0) {
        return range_<std::pair<std::string, double>>(
            [key = std::string(key), options = ScanOptions{std::string(match), count, {}}](
                Derived &derived, std::uint64_t cursor) { return derived.zscan_page(key, cursor, options); });
    }

    /// One page into an output iterator, and the cursor of the next: 0 begins, and 0 is the end.
    template <class Output, class = detail::RequireOutput<Output>>
    std::uint64_t scan(std::uint64_t cursor, std::string_view match, long long count, Output output) {
        return pour_(Base::scan_page(cursor, ScanOptions{std::string(match), count, {}}), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    std::uint64_t hscan(std::string_view key, std::uint64_t cursor, std::string_view match, long long count,
                        Output output) {
        return pour_(Base::hscan_page(key, cursor, ScanOptions{std::string(match), count, {}}), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    std::uint64_t sscan(std::string_view key, std::uint64_t cursor, std::string_view match, long long count,
                        Output output) {
        return pour_(Base::sscan_page(key, cursor, ScanOptions{std::string(match), count, {}}), output);
    }

    template <class Output, class = detail::RequireOutput<Output>>
    std::uint64_t zscan(std::string_view key, std::uint64_t cursor, std::string_view match, long long count,
                        Output output) {
        return pour_(Base::zscan_page(key, cursor, ScanOptions{std::string(match), count, {}}), output);
    }

private:
    template <class T, class Turn>
    ScanRange<T> range_(Turn turn) {
        return ScanRange<T>([asked = detail::Asked<Derived>(static_cast<Derived &>(*this)), turn = std::move(turn)](
                                std::uint64_t cursor) { return turn(*asked, cursor); });
    }

    template <class Page, class Output>
    static std::uint64_t pour_(Page page, Output output) {
        detail::fill(std::move(page.items), output);
        return page.cursor;
    }
#endif
};

} // namespace rr

#endif
