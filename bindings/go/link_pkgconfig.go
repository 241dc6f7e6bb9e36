//go:build !rr_static

package rr

// The shared library, found by pkg-config.

// #cgo pkg-config: resilient_redis
import "C"
