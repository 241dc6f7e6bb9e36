package rr

// The version of the library: what this package was built with, and what runs.

/*
#include <resilient_redis.h>
#if !defined(RR_VERSION_NUMBER) || RR_VERSION_NUMBER < 1000
#error "this package needs libresilient_redis 0.1.0 or later"
#endif
*/
import "C"

import (
	"fmt"
	"sync"
)

// The oldest library that this package works with, in the form of C's RR_VERSION_NUMBER.
const minimumVersion = 1000

// LibraryVersion is the version of the library that runs, such as "0.1.0".
func LibraryVersion() string {
	return C.GoString(C.rr_version())
}

// checkVersion fails when the library that runs is older than this package needs, or than the header it was built with.
var checkVersion = sync.OnceValue(func() error {
	return versionError(uint32(C.rr_version_number()), C.RR_VERSION_NUMBER, LibraryVersion())
})

func versionError(runs, built uint32, name string) error {
	if needed := max(minimumVersion, built); runs < needed {
		return fmt.Errorf("rr: the library that runs is %s, and this program was built for %d.%d.%d or later",
			name, needed/1000000, needed/1000%1000, needed%1000)
	}
	return nil
}
