// SPDX-License-Identifier: MIT OR Apache-2.0
// What is lent lives as long as it is looked at: elements that a container makes one at a time, texts of temporaries, values
// taken out of what a call gave, and views into replies.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <map>
#include <string>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

// Long enough to be on the heap, where the address sanitizer sees it end.
static std::string longer(const std::string &name) { return "lifetimes:a-text-that-is-longer-than-any-short-string:" + name; }

// A container that makes its elements when they are asked for, as views::transform does.
template <class T> class Made {
public:
    class Iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = const T *;
        using reference = T;

        Iterator(T (*make)(int), int at) : make_(make), at_(at) {}
        T operator*() const { return make_(at_); }
        Iterator &operator++() {
            at_++;
            return *this;
        }
        friend bool operator==(const Iterator &left, const Iterator &right) { return left.at_ == right.at_; }
        friend bool operator!=(const Iterator &left, const Iterator &right) { return left.at_ != right.at_; }

    private:
        T (*make_)(int);
        int at_;
    };

    Made(T (*make)(int), int count) : make_(make), count_(count) {}
    Iterator begin() const { return Iterator(make_, 0); }
    Iterator end() const { return Iterator(make_, count_); }

private:
    T (*make_)(int);
    int count_;
};

static std::string key(int i) { return longer(std::to_string(i)); }
static std::pair<std::string, std::string> field(int i) { return {key(i), longer("value")}; }
static std::pair<std::string, double> member(int i) { return {key(i), i}; }
static std::tuple<std::string, double, double> place(int i) { return {key(i), i, i}; }
static Texts several(int i) { return {key(i), longer("other")}; }

// A text of a program's own, which owns its bytes.
class Name {
public:
    explicit Name(std::string text) : text_(std::move(text)) {}
    operator std::string_view() const { return text_; }

private:
    std::string text_;
};

static Texts listed(const rr::Arguments &arguments) {
    Texts all;
    for (std::size_t i = 0; i < arguments.count(); i++)
        all.emplace_back(arguments[i]);
    return all;
}

static void elements_that_are_made_one_at_a_time_are_copied(rr::Client &client) {
    const Made<std::string> keys(key, 20);
    const Made<std::pair<std::string, std::string>> fields(field, 20);
    const Made<std::pair<std::string, double>> members(member, 20);

    for (const std::string &each : keys)
        client.set(each, "1");
    CHECK_EQ(client.exists(keys), 20);
    CHECK_EQ(client.exists(keys.begin(), keys.end()), 20);
    CHECK_EQ(client.command<long long>("EXISTS", keys).value(), 20);
    CHECK_EQ(client.transact(keys, [&](rr::Transaction &transaction) { transaction.exists(keys); }).get<int>(0), 20);
    CHECK_EQ(client.del(keys).value(), 20);

    client.del(longer("hash"));
    CHECK_EQ(client.hset(longer("hash"), fields).value(), 20);
    CHECK_EQ(client.hget(longer("hash"), key(7)), std::optional<std::string>(longer("value")));
    client.del(longer("sorted"));
    CHECK_EQ(client.zadd(longer("sorted"), members).value(), 20);
    CHECK_EQ(client.zscore(longer("sorted"), key(7)), std::optional<double>(7));
    client.del(longer("places"));
    CHECK_EQ(client.geoadd(longer("places"), Made<std::tuple<std::string, double, double>>(place, 20)).value(), 20);

    rr::Arguments arguments;
    arguments.add_range(keys.begin(), keys.end()).add_pairs(fields).add(Made<Texts>(several, 2));
    const Texts all = listed(arguments);
    CHECK_EQ(all.size(), 64);
    CHECK_EQ(all[19], key(19));
    CHECK_EQ(all[20], key(0));
    CHECK_EQ(all[21], longer("value"));
    CHECK_EQ(all[63], longer("other"));
}

static void texts_of_temporaries_are_kept() {
    const rr::Arguments scan = rr::arguments("SCAN", 0, rr::ScanOptions{longer("*"), 5, ""});
    CHECK_EQ(listed(scan), (Texts{"SCAN", "0", "MATCH", longer("*"), "COUNT", "5"}));
    const rr::Arguments nested = rr::arguments("DEL", std::vector<Texts>{{key(1), key(2)}, {key(3)}});
    CHECK_EQ(listed(nested), (Texts{"DEL", key(1), key(2), key(3)}));
    const rr::Arguments map = rr::arguments(std::map<std::string, Texts>{{key(1), {key(2)}}});
    CHECK_EQ(listed(map), (Texts{key(1), key(2)}));
    const rr::Arguments own = rr::arguments(Name(key(1)), std::vector<Name>{Name(key(2))}, std::make_pair(Name(key(3)), 4));
    CHECK_EQ(listed(own), (Texts{key(1), key(2), key(3), "4"}));
    const rr::Arguments strings = rr::arguments("DEL", rr::Strings(Made<std::string>(key, 2)));
    CHECK_EQ(listed(strings), (Texts{"DEL", key(0), key(1)}));
    const std::string stays = key(9);
    const rr::Arguments lent = rr::arguments(std::string_view(stays), stays.c_str(), std::make_pair(std::string_view(stays), 1));
    CHECK(lent[0].data() == stays.data() && lent[1].data() == stays.data() && lent[2].data() == stays.data());
}

static void a_loop_over_what_a_call_gave_goes_over_something_that_stays(rr::Client &client) {
    client.del(longer("list"));
    client.rpush(longer("list"), {key(1), key(2), key(3), key(4)});
    Texts taken;
    for (const std::string &element : *client.lpop(longer("list"), 2))
        taken.push_back(element);
    for (const std::string &element : client.lpop(longer("list"), 2).value())
        taken.push_back(element);
    CHECK_EQ(taken, (Texts{key(1), key(2), key(3), key(4)}));

    client.del(longer("hash"));
    client.hset(longer("hash"), key(1), key(2));
    const auto &whole = client.attempt().hgetall(longer("hash")).value();
    CHECK_EQ(whole.size(), 1);
    const auto &same = *client.attempt().hgetall<std::map<std::string, std::string>>(longer("hash"));
    CHECK_EQ(same.at(key(1)), key(2));
    Texts elements;
    for (const rr::Value element : client.command("HGETALL", longer("hash")).value())
        elements.emplace_back(element.string().empty() ? element[0].string() : element.string());
    CHECK_EQ(elements, (Texts{key(1), key(2)}));
}

// Views into what has no name do not compile.
static_assert(std::is_same_v<decltype(std::declval<rr::Answer<Texts>>().value()), Texts>);
static_assert(std::is_same_v<decltype(*std::declval<rr::Answer<Texts>>()), Texts>);
static_assert(std::is_same_v<decltype(std::declval<rr::Result<Texts>>().value()), Texts>);
static_assert(std::is_same_v<decltype(*std::declval<rr::Result<Texts>>()), Texts>);
static_assert(std::is_convertible_v<const rr::Reply &, rr::Value> && !std::is_convertible_v<rr::Reply, rr::Value>);

template <class R, class = void> struct GivesViews : std::false_type {};
template <class R> struct GivesViews<R, std::void_t<decltype(std::declval<R>()[0])>> : std::true_type {};
template <class R, class = void> struct GivesText : std::false_type {};
template <class R> struct GivesText<R, std::void_t<decltype(std::declval<R>().string())>> : std::true_type {};
template <class R, class = void> struct GivesEntries : std::false_type {};
template <class R> struct GivesEntries<R, std::void_t<decltype(std::declval<R>().entries())>> : std::true_type {};

static_assert(GivesViews<rr::Reply &>::value && !GivesViews<rr::Reply>::value);
static_assert(GivesViews<const rr::Replies &>::value && !GivesViews<rr::Replies>::value);
static_assert(GivesText<rr::Reply &>::value && !GivesText<rr::Reply>::value);
static_assert(GivesEntries<rr::Reply &>::value && !GivesEntries<rr::Reply>::value);

using View = std::string_view;
static_assert(rr::detail::IsView<View>::value && rr::detail::IsView<rr::Value>::value);
static_assert(rr::detail::IsView<std::map<View, View>>::value && rr::detail::IsView<std::map<View, int>>::value);
static_assert(rr::detail::IsView<std::map<std::string, View>>::value);
static_assert(rr::detail::IsView<std::vector<std::pair<View, std::string>>>::value);
static_assert(rr::detail::IsView<std::optional<std::pair<std::string, std::vector<View>>>>::value);
static_assert(rr::detail::IsView<std::tuple<int, const rr::Value>>::value);
static_assert(rr::detail::IsView<rr::ScanPage<View>>::value);
static_assert(!rr::detail::IsView<std::map<std::string, std::tuple<int, std::optional<Texts>>>>::value);
static_assert(!rr::detail::IsView<rr::Reply>::value && !rr::detail::IsView<rr::ScanPage<std::string>>::value);

// What says yes or no by itself is no condition.
static_assert(!std::is_constructible_v<bool, rr::Result<bool>>);
static_assert(!std::is_constructible_v<bool, const rr::Result<std::optional<std::string>> &>);
static_assert(std::is_constructible_v<bool, rr::Result<long long>> && std::is_constructible_v<bool, rr::Result<void>>);

static void views_into_a_reply_that_has_a_name_are_fine(rr::Client &client) {
    const rr::Reply reply = client.command("HGETALL", longer("hash"));
    const auto views = reply.as<std::map<View, View>>();
    CHECK_EQ(views.at(key(1)), key(2));
    const rr::Value value = reply;
    CHECK_EQ(value.entries().size(), 1);
    CHECK_EQ(client.command("HGETALL", longer("hash")).value().as<Texts>().size(), 2);
    const rr::Replies replies = client.pipeline().hget(longer("hash"), key(1)).exec();
    CHECK_EQ(replies.get<View>(0), key(2));
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    elements_that_are_made_one_at_a_time_are_copied(client);
    texts_of_temporaries_are_kept();
    a_loop_over_what_a_call_gave_goes_over_something_that_stays(client);
    views_into_a_reply_that_has_a_name_are_fine(client);
    return 0;
}
