package redistest

// #include <malloc.h>
import "C"

import "runtime"

// Heap is how many bytes are in use: those of Go, and those that C has allocated.
func Heap() (ofGo, ofC uint64) {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc, uint64(C.mallinfo2().uordblks)
}
