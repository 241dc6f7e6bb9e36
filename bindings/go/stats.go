package rr

// What a client counted: as numbers, and as text for Prometheus.

// #include <resilient_redis.h>
import "C"

import (
	"net/http"
	"runtime"
	"time"
)

// Stats is what a client counted since it was made. The numbers only grow, except LastOutage and those that end in Now. They are
// not of one instant: each is.
type Stats struct {
	// Commands that the program issued (a pipeline counts each of its commands).
	Commands uint64
	// Replies that reached the program, server errors among them.
	Replies uint64
	// Replies that were server errors.
	ServerErrors uint64
	// Commands that ended in a timeout.
	Timeouts uint64
	// Commands that were written again after a connection was lost.
	Resent uint64
	// Of those, the ones that may have run twice with an effect: not idempotent.
	ResentUnsafe uint64
	// Commands that ended with outcome unknown.
	Unknown uint64
	// Commands accepted into the buffer (each was answered buffered).
	Buffered uint64
	// Buffered commands that the server answered.
	Replayed uint64
	// Writes refused because the buffer was full.
	Rejected uint64
	// Buffered commands dropped to make room.
	Dropped uint64
	// Buffered commands that became too old.
	Expired uint64
	// Buffered commands that the server refused for good.
	Failed uint64
	// Connections made.
	Connects uint64
	// Connection attempts that failed.
	ConnectFailures uint64
	// Connections lost.
	Disconnects uint64
	// Health checks sent.
	HealthChecks uint64
	// Bytes written to the server.
	BytesWritten uint64
	// Bytes read from the server.
	BytesRead uint64
	// How long the longest outage lasted, from the loss to commands flowing again. The time before the first connection
	// counts here, too.
	LongestOutage time.Duration
	// How long the last outage lasted. The same.
	LastOutage time.Duration
	// Commands in the buffer now.
	BufferedNow uint64
	// Bytes of the commands in the buffer now.
	BufferedBytesNow uint64
	// Commands written or about to be, not yet answered.
	InFlightNow uint64
	// Entries in the failed list now.
	FailedNow uint64
	// Outages that ended with commands flowing again; the time before the first connection is none.
	Outages uint64
	// How long these outages lasted together.
	OutageTotal time.Duration
	// Entries that the full failed list let go to make room for newer ones.
	FailedDiscarded uint64
	// Events that were dropped because nobody took them in time.
	EventsMissed uint64
	// Log lines that were dropped because the log callback did not come after.
	LogLinesMissed uint64
	// How long the slowest call took that was answered; a pipeline is one call.
	LongestCall time.Duration
	// Commands that a replica answered.
	ReplicaReads uint64
	// Connections that led to another server, a restarted one, or other data than before (EventFailover).
	Failovers uint64
}

// Stats gives what the client counted so far. ErrClosed once it is closed.
func (c *Client) Stats() (Stats, error) {
	ptr, failed := c.borrow()
	if failed != nil {
		return Stats{}, failed
	}
	defer c.release()
	s := C.rr_stats{struct_size: C.sizeof_rr_stats}
	var err *C.rr_error
	if status := C.rr_client_stats(ptr, &s, &err); status < 0 {
		return Stats{}, newError(status, err)
	}
	runtime.KeepAlive(c)
	return Stats{
		Commands:         uint64(s.commands),
		Replies:          uint64(s.replies),
		ServerErrors:     uint64(s.server_errors),
		Timeouts:         uint64(s.timeouts),
		Resent:           uint64(s.resent),
		ResentUnsafe:     uint64(s.resent_unsafe),
		Unknown:          uint64(s.unknown),
		Buffered:         uint64(s.buffered),
		Replayed:         uint64(s.replayed),
		Rejected:         uint64(s.rejected),
		Dropped:          uint64(s.dropped),
		Expired:          uint64(s.expired),
		Failed:           uint64(s.failed),
		Connects:         uint64(s.connects),
		ConnectFailures:  uint64(s.connect_failures),
		Disconnects:      uint64(s.disconnects),
		HealthChecks:     uint64(s.health_checks),
		BytesWritten:     uint64(s.bytes_written),
		BytesRead:        uint64(s.bytes_read),
		LongestOutage:    time.Duration(s.longest_outage_us) * time.Microsecond,
		LastOutage:       time.Duration(s.last_outage_us) * time.Microsecond,
		BufferedNow:      uint64(s.buffered_now),
		BufferedBytesNow: uint64(s.buffered_bytes_now),
		InFlightNow:      uint64(s.in_flight_now),
		FailedNow:        uint64(s.failed_now),
		Outages:          uint64(s.outages),
		OutageTotal:      time.Duration(s.outage_total_us) * time.Microsecond,
		FailedDiscarded:  uint64(s.failed_discarded),
		EventsMissed:     uint64(s.events_missed),
		LogLinesMissed:   uint64(s.log_lines_missed),
		LongestCall:      time.Duration(s.longest_call_us) * time.Microsecond,
		ReplicaReads:     uint64(s.replica_reads),
		Failovers:        uint64(s.failovers),
	}, nil
}

// Metrics gives all of Stats, the state and a histogram of how long calls took, in the text format of Prometheus, version 0.0.4.
// Each sample has the label client, which is the option client_name.
func (c *Client) Metrics() (string, error) {
	ptr, failed := c.borrow()
	if failed != nil {
		return "", failed
	}
	defer c.release()
	var text *C.char
	var length C.size_t
	var err *C.rr_error
	if status := C.rr_client_metrics(ptr, &text, &length, &err); status < 0 {
		return "", newError(status, err)
	}
	defer C.rr_string_free(text)
	return copyText(text, length), nil
}

// MetricsHandler answers requests with Metrics; with status 503 once the client is closed.
func (c *Client) MetricsHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, err := c.Metrics()
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		w.Write([]byte(text))
	})
}
