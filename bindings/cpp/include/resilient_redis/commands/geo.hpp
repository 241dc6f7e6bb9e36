// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about positions on Earth, which are kept in sorted sets. Longitudes and latitudes in degrees, in this order.

#ifndef RESILIENT_REDIS_COMMANDS_GEO_HPP
#define RESILIENT_REDIS_COMMANDS_GEO_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inputs.hpp"
#include "options.hpp"
#include "../arguments.hpp"
#include "../convert.hpp"

namespace rr {

/// Where geosearch() looks: around a position or a member, in a circle or a rectangle. It lends the member's name.
class GeoArea {
public:
    static GeoArea circle(std::pair<double, double> middle, double radius, GeoUnit unit = GeoUnit::M) {
        return GeoArea(middle, {}, radius, -1, unit);
    }

    static GeoArea circle(std::string_view member, double radius, GeoUnit unit = GeoUnit::M) {
        return GeoArea({}, member, radius, -1, unit);
    }

    static GeoArea box(std::pair<double, double> middle, double width, double height, GeoUnit unit = GeoUnit::M) {
        return GeoArea(middle, {}, width, height, unit);
    }

    static GeoArea box(std::string_view member, double width, double height, GeoUnit unit = GeoUnit::M) {
        return GeoArea({}, member, width, height, unit);
    }

    void append_to(Arguments &arguments) const {
        if (member_)
            arguments.add("FROMMEMBER").add(*member_);
        else
            arguments.add("FROMLONLAT").add(middle_.first).add(middle_.second);
        if (height_ < 0)
            arguments.add("BYRADIUS").add(width_);
        else
            arguments.add("BYBOX").add(width_).add(height_);
        arguments.add(detail::word(unit_));
    }

private:
    GeoArea(std::pair<double, double> middle, std::optional<std::string_view> member, double width, double height,
            GeoUnit unit)
        : middle_(middle), member_(member), width_(width), height_(height), unit_(unit) {}

    std::pair<double, double> middle_;
    std::optional<std::string_view> member_;
    double width_;   // the radius of a circle
    double height_; // negative for a circle
    GeoUnit unit_;
};

/// In which order, and how many.
struct GeoSearchOptions {
    enum class Order { ANY, ASC, DESC };

    /// By the distance from the middle; ANY: as they come.
    Order order = Order::ANY;
    /// The nearest ones, up to so many; 0: all.
    long long count = 0;
    /// Any ones, up to `count`, in place of the nearest.
    bool any = false;

    void append_to(Arguments &arguments) const {
        if (order != Order::ANY)
            arguments.add(order == Order::ASC ? "ASC" : "DESC");
        if (count > 0) {
            arguments.add("COUNT").add(count);
            if (any)
                arguments.add("ANY");
        }
    }
};

/// What geosearch_with() finds.
struct GeoHit {
    std::string member;
    /// In the unit of the area.
    double distance = 0;
    /// Longitude and latitude.
    std::pair<double, double> position;
};

template <>
struct Convert<GeoHit> : Conversion<GeoHit> {
    static constexpr const char *name = "a member with its distance and position";

    static bool into(const Value &value, GeoHit &hit) {
        return value.size() == 3 && Convert<std::string>::into(value[0], hit.member) &&
               Convert<double>::into(value[1], hit.distance) &&
               Convert<std::pair<double, double>>::into(value[2], hit.position);
    }
};

template <class Derived, template <class> class Read, template <class> class Write>
class GeoCommands {
public:
    /// How many of them are new.
    Write<long long> geoadd(std::string_view key, const Positions &members) {
        return write_<long long>("GEOADD", key, members);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> geoadd(std::string_view key, It first, It last) {
        return geoadd(key, detail::between(first, last));
    }

    /// Nothing if one of them is not there.
    Read<std::optional<double>> geodist(std::string_view key, std::string_view member1, std::string_view member2,
                                        GeoUnit unit = GeoUnit::M) {
        return read_<std::optional<double>>("GEODIST", key, member1, member2, detail::word(unit));
    }

    /// One for each member, in their order.
    template <class T = std::vector<std::optional<std::string>>>
    Read<T> geohash(std::string_view key, const Strings &members) {
        return read_<T>("GEOHASH", key, members);
    }

    /// One for each member, in their order: longitude and latitude.
    template <class T = std::vector<std::optional<std::pair<double, double>>>>
    Read<T> geopos(std::string_view key, const Strings &members) {
        return read_<T>("GEOPOS", key, members);
    }

    /// The members in an area.
    template <class T = std::vector<std::string>>
    Read<T> geosearch(std::string_view key, const GeoArea &area, const GeoSearchOptions &options = {}) {
        return search_<T>(key, area, options, false);
    }

    /// The members in an area, with their distances from its middle and their positions.
    template <class T = std::vector<GeoHit>>
    Read<T> geosearch_with(std::string_view key, const GeoArea &area, const GeoSearchOptions &options = {}) {
        return search_<T>(key, area, options, true);
    }

    /// Stores the members in an area at `destination`, with `store_distance` with their distances as scores.
    Write<long long> geosearchstore(std::string_view destination, std::string_view source, const GeoArea &area,
                                    const GeoSearchOptions &options = {}, bool store_distance = false) {
        Arguments command("GEOSEARCHSTORE", destination, source);

        area.append_to(command);
        options.append_to(command);
        if (store_distance)
            command.add("STOREDIST");
        return static_cast<Derived &>(*this).template write<long long>(std::move(command));
    }

private:
    template <class T, class... A>
    Read<T> read_(A &&...values) {
        return static_cast<Derived &>(*this).template read<T>(rr::arguments(std::forward<A>(values)...));
    }

    template <class T, class... A>
    Write<T> write_(A &&...values) {
        return static_cast<Derived &>(*this).template write<T>(rr::arguments(std::forward<A>(values)...));
    }

    template <class T>
    Read<T> search_(std::string_view key, const GeoArea &area, const GeoSearchOptions &options, bool with) {
        Arguments command("GEOSEARCH", key);

        area.append_to(command);
        options.append_to(command);
        if (with)
            command.add("WITHCOORD").add("WITHDIST");
        return static_cast<Derived &>(*this).template read<T>(std::move(command));
    }
};

} // namespace rr

#endif
