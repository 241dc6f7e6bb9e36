// SPDX-License-Identifier: MIT OR Apache-2.0
// Arguments of commands and conversions of values: no server is asked.

#include <resilient_redis/arguments.hpp>
#include <resilient_redis/convert.hpp>

#include <array>
#include <cmath>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "check.hpp"

namespace {

using Texts = std::vector<std::string>;

/// A tree of values that owns itself.
struct Tree {
    rr_value value{};
    std::string text;
    std::vector<Tree> elements;
    std::vector<rr_value> children;

    const rr_value *tie() {
        if (value.type == RR_TYPE_STRING || value.type == RR_TYPE_STATUS || value.type == RR_TYPE_VERBATIM ||
            value.type == RR_TYPE_BIG_NUMBER || value.type == RR_TYPE_ERROR) {
            value.string = text.c_str();
            value.length = text.size();
        }
        children.clear();
        for (Tree &element : elements)
            children.push_back(*element.tie());
        value.children = children.empty() ? nullptr : children.data();
        value.count = children.size();
        return &value;
    }

    rr::Value view() { return rr::Value(tie()); }

    template <class T>
    T as() {
        return view().as<T>();
    }
};

Tree text(std::string bytes, rr_type type = RR_TYPE_STRING) {
    Tree tree;

    tree.value.type = type;
    tree.text = std::move(bytes);
    return tree;
}

Tree integer(std::int64_t number, rr_type type = RR_TYPE_INTEGER) {
    Tree tree;

    tree.value.type = type;
    tree.value.integer = number;
    return tree;
}

Tree real(double number) {
    Tree tree;

    tree.value.type = RR_TYPE_DOUBLE;
    tree.value.real = number;
    return tree;
}

Tree nil() { return Tree(); }

Tree many(std::vector<Tree> elements, rr_type type = RR_TYPE_ARRAY) {
    Tree tree;

    tree.value.type = type;
    tree.elements = std::move(elements);
    return tree;
}

Texts listed(const rr::Arguments &arguments) {
    Texts all;

    for (std::size_t i = 0; i < arguments.count(); i++)
        all.emplace_back(arguments.data()[i], arguments.lengths()[i]);
    return all;
}

struct Point {
    int x = 0, y = 0;
};

void texts_are_not_copied_and_may_have_any_bytes() {
    const std::string key("k\0y", 3);
    const char *no_text = nullptr;
    const rr::Arguments arguments = rr::arguments("SET", key, std::string_view("v"), no_text, "");

    CHECK_EQ(listed(arguments), (Texts{"SET", key, "v", "", ""}));
    CHECK(arguments.data()[1] == key.data());
    CHECK(arguments.data()[3] != nullptr);
}

void temporary_strings_are_kept() {
    rr::Arguments arguments;

    for (int i = 0; i < 40; i++)
        arguments.add(std::string(static_cast<std::size_t>(i), 'x'));
    arguments.add(Texts{"in a container that is gone by now, too long for the place inside", "b"});
    arguments.add(std::pair<std::string, int>("in a pair that is gone by now, and longer than a short one", 1));
    const Texts all = listed(arguments);
    CHECK_EQ(all.size(), 44);
    for (std::size_t i = 0; i < 40; i++)
        CHECK_EQ(all[i], std::string(i, 'x'));
    CHECK_EQ(all[40], "in a container that is gone by now, too long for the place inside");
    CHECK_EQ(all[42], "in a pair that is gone by now, and longer than a short one");
}

void numbers_are_the_shortest_text_that_is_the_same() {
    const rr::Arguments arguments =
        rr::arguments(0.1, 1.0 / 3, 1e300, -0.5f, 3.0, std::numeric_limits<double>::infinity(),
                      -std::numeric_limits<double>::infinity(), std::numeric_limits<std::int64_t>::min(),
                      std::numeric_limits<std::uint64_t>::max(), short{-7}, true, false, 'c');

    CHECK_EQ(listed(rr::arguments(100000.0, -2e6f, 9007199254740991.0, 9007199254740992.0, -0.0)),
             (Texts{"100000", "-2000000", "9007199254740991", "9007199254740992", "-0"}));
    CHECK_EQ(listed(arguments), (Texts{"0.1", "0.3333333333333333", "1e+300", "-0.5", "3", "inf", "-inf",
                                       "-9223372036854775808", "18446744073709551615", "-7", "1", "0", "c"}));
}

void containers_pairs_and_tuples_are_several_arguments() {
    const std::map<std::string, int> map{{"a", 1}, {"b", 2}};
    const std::list<std::string_view> list{"x", "y"};
    rr::Arguments arguments;

    arguments.add(map).add(list).add(std::make_tuple("t", 1, 2.5)).add_pairs(map).add_range(list.begin(), list.end());
    arguments.add(std::initializer_list<const char *>{"i", "j"}).add(std::array<long, 2>{4, 5});
    CHECK_EQ(listed(arguments), (Texts{"a", "1", "b", "2", "x", "y", "t", "1", "2.5", "a", "1", "b", "2", "x", "y", "i", "j",
                                       "4", "5"}));
}

void what_an_iterator_shows_only_once_is_copied() {
    std::istringstream words("one two three-that-is-longer-than-any-short-string");
    rr::Arguments arguments;

    arguments.add_range(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>());
    CHECK_EQ(listed(arguments), (Texts{"one", "two", "three-that-is-longer-than-any-short-string"}));
}

void arguments_stay_what_they_are_when_they_are_moved() {
    for (const std::size_t count : {1u, 11u, 12u, 13u, 60u}) {
        rr::Arguments arguments;
        Texts expected;

        for (std::size_t i = 0; i < count; i++) {
            arguments.add(i);
            expected.push_back(std::to_string(i));
        }
        arguments.add(std::string("kept"));
        expected.push_back("kept");
        rr::Arguments second(std::move(arguments));
        rr::Arguments third("something", 1, std::string("else"));
        third = std::move(second);
        second = rr::arguments("again", 5);
        CHECK_EQ(listed(third), expected);
        CHECK_EQ(listed(second), (Texts{"again", "5"}));
        third.add(7);
        expected.push_back("7");
        CHECK_EQ(listed(third), expected);
    }
}

void a_value_shows_what_it_is() {
    Tree tree = many({text("a"), integer(-5), real(1.5), integer(1, RR_TYPE_BOOLEAN), nil()});
    const rr::Value value = tree.view();

    CHECK_EQ(value.type(), rr::Type::array);
    CHECK_EQ(value.size(), 5);
    CHECK_EQ(value[0].string(), "a");
    CHECK_EQ(value[1].integer(), -5);
    CHECK_EQ(value[2].real(), 1.5);
    CHECK(value[3].boolean() && !value[1].boolean());
    CHECK(value[4].is_nil() && value[5].is_nil());
    CHECK(rr::Value().is_nil() && rr::Value(nullptr).is_nil());
    CHECK_EQ(value[1].string(), "");
    std::size_t count = 0;
    for (const rr::Value element : value)
        count += static_cast<std::size_t>(element.c_ptr() - value.c_ptr()->children == static_cast<long>(count));
    CHECK_EQ(count, 5);
    for (const rr::Value element : rr::Value())
        CHECK(element.is_error() && false);
    CHECK_EQ(text("text", RR_TYPE_VERBATIM).as<std::string>(), "text");
    Tree verbatim = text("text", RR_TYPE_VERBATIM);
    std::memcpy(verbatim.value.format, "txt", 4);
    CHECK_EQ(verbatim.view().format(), "txt");
}

void entries_are_the_same_of_a_map_a_flat_array_and_an_array_of_pairs() {
    Tree map = many({text("a"), integer(1), text("b"), integer(2)}, RR_TYPE_MAP);
    Tree flat = many({text("a"), integer(1), text("b"), integer(2)});
    Tree nested = many({many({text("a"), integer(1)}), many({text("b"), integer(2)})});

    for (Tree *tree : {&map, &flat, &nested}) {
        std::string all;
        for (const auto &[key, value] : tree->view().entries())
            all += std::string(key.string()) + std::to_string(value.integer());
        CHECK_EQ(all, "a1b2");
        CHECK_EQ(tree->view().entries().size(), 2);
        CHECK_EQ((tree->as<std::map<std::string, int>>()), (std::map<std::string, int>{{"a", 1}, {"b", 2}}));
        CHECK_EQ((tree->as<std::unordered_map<std::string, int>>().at("b")), 2);
        CHECK_EQ((tree->as<std::vector<std::pair<std::string, int>>>()),
                 (std::vector<std::pair<std::string, int>>{{"a", 1}, {"b", 2}}));
    }
    CHECK_EQ(map.as<Texts>(), (Texts{"a", "1", "b", "2"}));
    using Map = std::map<std::string, std::string>;
    CHECK_THROWS(rr::ConversionError, many({text("a")}).as<Map>());
    CHECK_THROWS(rr::ConversionError, many({many({text("a"), text("b")}), text("c")}).as<Map>());
    CHECK(many({}).as<Map>().empty() && nil().as<Map>().empty());
}

void whole_numbers_are_read_from_what_is_one_and_fits() {
    CHECK_EQ(integer(300).as<int>(), 300);
    CHECK_EQ(text("-12").as<long>(), -12);
    CHECK_EQ(text("18446744073709551615").as<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
    CHECK_EQ(text("123", RR_TYPE_BIG_NUMBER).as<int>(), 123);
    CHECK_EQ(real(7).as<int>(), 7);
    CHECK_EQ(integer(1, RR_TYPE_BOOLEAN).as<int>(), 1);
    CHECK_EQ(integer(255).as<unsigned char>(), 255);
    CHECK_THROWS(rr::ConversionError, integer(256).as<unsigned char>());
    CHECK_THROWS(rr::ConversionError, integer(-1).as<unsigned long>());
    CHECK_THROWS(rr::ConversionError, integer(std::numeric_limits<std::int64_t>::max()).as<int>());
    CHECK_THROWS(rr::ConversionError, real(7.5).as<int>());
    CHECK_THROWS(rr::ConversionError, real(1e19).as<long long>());
    CHECK_THROWS(rr::ConversionError, real(std::nan("")).as<long long>());
    for (const char *wrong : {"", "1x", " 1", "1.5", "99999999999999999999"})
        CHECK_THROWS(rr::ConversionError, text(wrong).as<long long>());
    CHECK_THROWS(rr::ConversionError, nil().as<int>());
    CHECK_THROWS(rr::ConversionError, text("1", RR_TYPE_ERROR).as<int>());
}

void doubles_are_read_from_doubles_integers_and_text() {
    CHECK_EQ(real(0.1).as<double>(), 0.1);
    CHECK_EQ(integer(3).as<double>(), 3.0);
    CHECK_EQ(text("0.30000000000000004").as<double>(), 0.30000000000000004);
    CHECK_EQ(text("-inf").as<double>(), -std::numeric_limits<double>::infinity());
    CHECK_EQ(text("2.5").as<float>(), 2.5f);
    CHECK_THROWS(rr::ConversionError, text("2,5").as<double>());
    CHECK_THROWS(rr::ConversionError, real(1e300).as<float>());
    CHECK_THROWS(rr::ConversionError, text("1e300").as<float>());
    CHECK_EQ(real(-std::numeric_limits<double>::infinity()).as<float>(), -std::numeric_limits<float>::infinity());
    CHECK_THROWS(rr::ConversionError, nil().as<double>());
}

void booleans_are_read_from_what_servers_say_yes_and_no_with() {
    CHECK(integer(1).as<bool>() && integer(1, RR_TYPE_BOOLEAN).as<bool>() && text("OK", RR_TYPE_STATUS).as<bool>());
    CHECK(!integer(0).as<bool>() && !integer(0, RR_TYPE_BOOLEAN).as<bool>() && !nil().as<bool>());
    CHECK(text("1").as<bool>() && !text("0").as<bool>());
    CHECK_THROWS(rr::ConversionError, text("yes").as<bool>());
    CHECK_THROWS(rr::ConversionError, many({}).as<bool>());
}

void a_char_is_one_byte_both_ways() {
    CHECK_EQ(text("A").as<char>(), 'A');
    CHECK_EQ(text("7").as<char>(), '7');
    CHECK_EQ(integer(7).as<char>(), '7');
    CHECK_EQ(listed(rr::arguments(text("7").as<char>())), (Texts{"7"}));
    for (const char *wrong : {"", "ab"})
        CHECK_THROWS(rr::ConversionError, text(wrong).as<char>());
    CHECK_THROWS(rr::ConversionError, integer(10).as<char>());
    CHECK_THROWS(rr::ConversionError, integer(-1).as<char>());
}

void strings_keep_all_their_bytes() {
    const std::string bytes("a\0b", 3);
    Tree tree = text(bytes);

    CHECK_EQ(tree.as<std::string>(), bytes);
    CHECK_EQ(tree.as<std::string_view>(), bytes);
    CHECK_EQ(integer(-3).as<std::string>(), "-3");
    CHECK_EQ(real(0.1).as<std::string>(), "0.1");
    CHECK_EQ(real(100000).as<std::string>(), "100000");
    CHECK_EQ(text("").as<std::string>(), "");
    CHECK_THROWS(rr::ConversionError, nil().as<std::string>());
    CHECK_THROWS(rr::ConversionError, integer(1).as<std::string_view>());
    CHECK_THROWS(rr::ConversionError, text("ERR x", RR_TYPE_ERROR).as<std::string>());
}

void nil_is_nothing_only_where_there_may_be_nothing() {
    using Pair = std::pair<std::string, double>;

    CHECK_EQ(nil().as<std::optional<int>>(), std::nullopt);
    CHECK_EQ(text("5").as<std::optional<int>>(), std::optional<int>(5));
    CHECK_THROWS(rr::ConversionError, text("x").as<std::optional<int>>());
    CHECK_EQ(many({}).as<std::optional<Pair>>(), std::nullopt);
    CHECK_EQ((many({text("m"), text("1.5")}).as<std::optional<Pair>>()), std::optional<Pair>(Pair("m", 1.5)));
    CHECK(many({}).as<std::optional<Texts>>().has_value() && !nil().as<std::optional<Texts>>().has_value());
    CHECK(nil().as<Texts>().empty());
}

void containers_of_any_kind_are_filled() {
    Tree set = many({text("2"), text("1"), text("2")}, RR_TYPE_SET);

    CHECK_EQ(set.as<Texts>(), (Texts{"2", "1", "2"}));
    CHECK_EQ(set.as<std::list<int>>(), (std::list<int>{2, 1, 2}));
    CHECK_EQ(set.as<std::deque<long>>(), (std::deque<long>{2, 1, 2}));
    CHECK_EQ(set.as<std::set<int>>(), (std::set<int>{1, 2}));
    CHECK_EQ(set.as<std::unordered_set<std::string>>().size(), 2);
    CHECK_EQ(set.as<std::multiset<int>>().size(), 3);
    CHECK_EQ((many({integer(1), integer(0)}).as<std::vector<bool>>()), (std::vector<bool>{true, false}));
    CHECK_THROWS(rr::ConversionError, many({text("x")}).as<std::vector<double>>());
    CHECK_THROWS(rr::ConversionError, text("1").as<std::vector<int>>());
}

void pairs_and_tuples_have_as_many_elements() {
    Tree tree = many({text("k"), integer(2), nil()});

    CHECK((tree.as<std::tuple<std::string, int, std::optional<int>>>() == std::make_tuple("k", 2, std::optional<int>())));
    CHECK_THROWS(rr::ConversionError, tree.as<std::pair<std::string, int>>());
    CHECK_THROWS(rr::ConversionError, tree.as<std::tuple<std::string, int>>());
}

void trees_are_read_at_once() {
    Tree streams = many({many({text("s"), many({many({text("1-0"), many({text("f"), text("v"), text("g"), text("w")})})})})});
    using Fields = std::map<std::string, std::string>;
    const auto read = streams.as<std::map<std::string, std::vector<std::pair<std::string, Fields>>>>();

    CHECK_EQ(read.at("s").at(0).first, "1-0");
    CHECK_EQ(read.at("s").at(0).second, (Fields{{"f", "v"}, {"g", "w"}}));
}

void times_are_read() {
    CHECK_EQ(integer(90).as<std::chrono::seconds>().count(), 90);
    const auto time = many({text("1700000000"), text("123456")}).as<std::chrono::system_clock::time_point>();
    CHECK_EQ(std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count(), 1700000000123456);
    CHECK_THROWS(rr::ConversionError, text("soon").as<std::chrono::seconds>());
}

void an_attribute_is_passed_over() {
    Tree tree = many({integer(5), text("ttl"), integer(1)}, RR_TYPE_ATTRIBUTE);

    CHECK_EQ(tree.as<int>(), 5);
    CHECK_EQ(tree.view().plain().integer(), 5);
    CHECK_EQ(tree.view().type(), rr::Type::attribute);
    CHECK_EQ(many({tree}).as<std::vector<int>>(), (std::vector<int>{5}));
}

void what_cannot_be_read_is_named() {
    CHECK_EQ(text("secret").view().try_as<int>(), std::nullopt);
    CHECK_EQ(std::string(CAUGHT(rr::ConversionError, text("secret").as<int>()).what()),
             "a reply of type RR_TYPE_STRING is not an integer that fits");
    CHECK_CONTAINS(CAUGHT(rr::ConversionError, text("WRONGTYPE secret", RR_TYPE_ERROR).as<int>()).what(),
                   "RR_TYPE_ERROR (WRONGTYPE)");
}

} // namespace

template <>
struct rr::Convert<Point> : rr::Conversion<Point> {
    static constexpr const char *name = "a point";

    static bool into(const Value &value, Point &point) {
        return value.size() == 2 && Convert<int>::into(value[0], point.x) && Convert<int>::into(value[1], point.y);
    }
};

namespace {

void a_program_s_own_type_is_read() {
    Tree tree = many({many({integer(1), integer(2)}), many({integer(3), integer(4)})});
    const auto points = tree.as<std::vector<Point>>();

    CHECK_EQ(points.size(), 2);
    CHECK_EQ(points[1].y, 4);
    CHECK_EQ(std::string(CAUGHT(rr::ConversionError, nil().as<Point>()).what()), "a reply of type RR_TYPE_NIL is not a point");
}

} // namespace

int main() {
    texts_are_not_copied_and_may_have_any_bytes();
    temporary_strings_are_kept();
    numbers_are_the_shortest_text_that_is_the_same();
    containers_pairs_and_tuples_are_several_arguments();
    what_an_iterator_shows_only_once_is_copied();
    arguments_stay_what_they_are_when_they_are_moved();
    a_value_shows_what_it_is();
    entries_are_the_same_of_a_map_a_flat_array_and_an_array_of_pairs();
    whole_numbers_are_read_from_what_is_one_and_fits();
    doubles_are_read_from_doubles_integers_and_text();
    booleans_are_read_from_what_servers_say_yes_and_no_with();
    a_char_is_one_byte_both_ways();
    strings_keep_all_their_bytes();
    nil_is_nothing_only_where_there_may_be_nothing();
    containers_of_any_kind_are_filled();
    pairs_and_tuples_have_as_many_elements();
    trees_are_read_at_once();
    times_are_read();
    an_attribute_is_passed_over();
    what_cannot_be_read_is_named();
    a_program_s_own_type_is_read();
}
