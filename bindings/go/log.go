package rr

// The log of a client: its lines, and how much they matter.

// #include <resilient_redis.h>
import "C"

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// LogLevel is how much a line of the log matters: the smaller the number, the more.
type LogLevel int32

const (
	// LogError: something is lost or will not come back by itself.
	LogError LogLevel = C.RR_LOG_ERROR
	// LogWarning: something is wrong that the client deals with.
	LogWarning LogLevel = C.RR_LOG_WARNING
	// LogInfo: what happens in a client's life.
	LogInfo LogLevel = C.RR_LOG_INFO
	// LogDebug: each step.
	LogDebug LogLevel = C.RR_LOG_DEBUG
)

// String gives the constant's name in C, such as "RR_LOG_WARNING".
func (l LogLevel) String() string { return C.GoString(C.rr_log_level_name(C.rr_log_level(l))) }

// LogFunc is given lines of the log, without an end of line, one at a time and in order, on a thread of the library or on
// the goroutine of a SubscribeFunc whose function panicked. They hold no credentials and no arguments of commands. The client never waits
// for it: lines that it is too slow for are dropped and counted. It may use the client; Close is refused there (StatusInCallback).
type LogFunc func(level LogLevel, line string)

// speech has lines be said one at a time, without anybody waiting for another's.
type speech struct {
	mu      sync.Mutex
	busy    bool
	waiting []logLine
	dropped int
}

type logLine struct {
	level LogLevel
	text  string
}

// mostWaitingLines is how many lines wait for one that is being said.
const mostWaitingLines = 1000

// say has the program's function be told a line: now, or by who is telling it one.
func (h *hooks) say(level LogLevel, text string) {
	s := &h.speech
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == mostWaitingLines {
		s.dropped++
		return
	}
	s.waiting = append(s.waiting, logLine{level, text})
	if s.busy {
		return
	}
	s.busy = true
	for len(s.waiting) > 0 {
		next := s.waiting[0]
		s.waiting = s.waiting[1:]
		if s.dropped > 0 && len(s.waiting) == 0 {
			s.waiting = append(s.waiting, logLine{LogWarning, fmt.Sprintf("%d lines were dropped, for which the program's log function was too slow", s.dropped)})
			s.dropped = 0
		}
		s.mu.Unlock()
		h.tell(next)
		s.mu.Lock()
	}
	s.busy, s.waiting = false, nil
}

func (h *hooks) tell(line logLine) {
	var failed bool
	defer h.contain("log", &failed)
	h.log(line.level, line.text)
}

// SlogSink makes a LogFunc that hands lines to a logger, and the level up to which that takes them; for Config.Log and
// Config.LogLevel.
func SlogSink(logger *slog.Logger) (LogFunc, LogLevel) {
	level := LogError
	for l := LogWarning; l <= LogDebug; l++ {
		if logger.Enabled(context.Background(), slogLevel(l)) {
			level = l
		}
	}
	return func(level LogLevel, line string) {
		logger.Log(context.Background(), slogLevel(level), line)
	}, level
}

func slogLevel(level LogLevel) slog.Level {
	switch level {
	case LogError:
		return slog.LevelError
	case LogWarning:
		return slog.LevelWarn
	case LogInfo:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
