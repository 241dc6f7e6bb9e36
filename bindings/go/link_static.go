//go:build rr_static

package rr

// The library becomes part of the program. Its header and libresilient_redis.a are looked for where the C compiler looks, and
// where CGO_CFLAGS and CGO_LDFLAGS say.

// #cgo LDFLAGS: -l:libresilient_redis.a -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
import "C"
