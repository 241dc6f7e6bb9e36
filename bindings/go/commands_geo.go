package rr

// Places in sorted sets.

// GeoLocation is a member with its place, in degrees, and what GeoSearch was asked for besides.
type GeoLocation struct {
	Name                string
	Longitude, Latitude float64
	Dist                float64 // from the middle of the search, in its unit; with WithDist
}

// GeoAdd adds members, or moves them, and tells how many are new.
func (commands) GeoAdd(key string, locations ...GeoLocation) request[int64] {
	b := cmd("GEOADD").str(key)
	for _, at := range locations {
		b = b.float(at.Longitude).float(at.Latitude).str(at.Name)
	}
	return ask(b, Value.Int)
}

// GeoPos gives members' places, in order; nil for what is no member.
func (commands) GeoPos(key string, members ...string) request[[]*GeoLocation] {
	return ask(cmd("GEOPOS").str(key).strs(members...), func(v Value) ([]*GeoLocation, error) {
		places, err := sliceOf(v, place)
		for i := range places {
			if places[i] != nil {
				places[i].Name = members[i]
			}
		}
		return places, err
	})
}

func place(v Value) (*GeoLocation, error) {
	if v.IsNil() {
		return nil, nil
	}
	at, err := v.Floats()
	if err != nil {
		return nil, err
	}
	if len(at) != 2 {
		return nil, v.mismatch("a longitude and a latitude")
	}
	return &GeoLocation{Longitude: at[0], Latitude: at[1]}, nil
}

// GeoDist gives the distance of two members, in m, km, mi or ft; ErrNil if one of them is none.
func (commands) GeoDist(key, one, other, unit string) request[float64] {
	return ask(cmd("GEODIST").str(key).str(one).str(other).str(unit), Value.Float)
}

// GeoHash gives members' places as geohashes, in order; "" for what is no member.
func (commands) GeoHash(key string, members ...string) request[[]string] {
	return askStrings(cmd("GEOHASH").str(key).strs(members...))
}

// GeoQuery says what GeoSearch looks for: around Member, or around Longitude and Latitude; within Radius, or within a box of
// Width and Height.
type GeoQuery struct {
	Member              string
	Longitude, Latitude float64
	Radius              float64
	Width, Height       float64
	Unit                string // m, km, mi or ft; "" is m
	Order               string // "", ASC or DESC
	Count               int64  // 0: all
	Any                 bool   // the first Count that are found will do
	WithCoord, WithDist bool   // fill in the place, and the distance
}

func (b builder) query(q GeoQuery) builder {
	if q.Member != "" {
		b = b.str("FROMMEMBER").str(q.Member)
	} else {
		b = b.str("FROMLONLAT").float(q.Longitude).float(q.Latitude)
	}
	unit := q.Unit
	if unit == "" {
		unit = "m"
	}
	if q.Width != 0 || q.Height != 0 {
		b = b.str("BYBOX").float(q.Width).float(q.Height).str(unit)
	} else {
		b = b.str("BYRADIUS").float(q.Radius).str(unit)
	}
	b = b.when(q.Order != "", q.Order)
	if q.Count > 0 {
		b = b.str("COUNT").int(q.Count).when(q.Any, "ANY")
	}
	return b
}

// GeoSearch gives the members within an area.
func (commands) GeoSearch(key string, query GeoQuery) request[[]GeoLocation] {
	b := cmd("GEOSEARCH").str(key).query(query).when(query.WithCoord, "WITHCOORD").when(query.WithDist, "WITHDIST")
	return ask(b, func(v Value) ([]GeoLocation, error) {
		return sliceOf(v, func(v Value) (GeoLocation, error) { return found(v, query) })
	})
}

// found reads a name, or a name, a distance and a place, as they were asked for.
func found(v Value, query GeoQuery) (at GeoLocation, err error) {
	if !query.WithCoord && !query.WithDist {
		at.Name, err = v.Text()
		return at, err
	}
	parts, err := v.Slice()
	if err != nil {
		return at, err
	}
	next := func() (part Value) {
		if len(parts) > 0 {
			part, parts = parts[0], parts[1:]
		}
		return part
	}
	if at.Name, err = next().Text(); err != nil {
		return at, err
	}
	if query.WithDist {
		if at.Dist, err = next().Float(); err != nil {
			return at, err
		}
	}
	if query.WithCoord {
		where, err := place(next())
		if err != nil {
			return at, err
		}
		if where == nil {
			return at, ErrNil
		}
		at.Longitude, at.Latitude = where.Longitude, where.Latitude
	}
	return at, nil
}

// GeoSearchStore sets destination to the members within an area and tells how many.
func (commands) GeoSearchStore(destination, key string, query GeoQuery) request[int64] {
	return ask(cmd("GEOSEARCHSTORE").str(destination).str(key).query(query), Value.Int)
}
