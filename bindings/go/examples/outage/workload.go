package main

// What the outage programs do: goroutines that write numbered values at a steady pace, and a look every 50 ms at how it goes. It
// knows no Redis client. The record and the account are those of examples/demo/workload.h.

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// fate is what became of a write.
type fate int

const (
	replied fate = iota
	buffered
	notApplied
	applied
	unknown
	fates
)

// The letters that stand for fates in the record.
const fateLetters = "rbnau"

const (
	lookEvery  = 50 * time.Millisecond
	heldUp     = 100 * time.Millisecond
	mostAtOnce = 64
)

type writer struct {
	mu        sync.Mutex // for all below
	count     [fates]int
	fates     []byte          // one letter for each number written
	latencies []time.Duration // since the last look
	longest   time.Duration
}

type workload struct {
	// What is done with the client: write a number to the list of a thread; tell what is buffered, and how it is.
	issue func(thread, number int) fate
	look  func() (buffered int64, state string)

	threads       int
	rate, seconds float64
	recordTo      string

	record *bufio.Writer // nil: progress is shown instead
	file   *os.File
	began  atomic.Pointer[time.Time]
	ends   time.Time
	mu     sync.Mutex // for record and away
	// A write got no reply, and none has got one since.
	away    bool
	writers []writer
	// For the progress.
	shown    int
	accepted int
	slowest  time.Duration
}

func (w *workload) options() {
	flag.IntVar(&w.threads, "t", 8, "how many goroutines write")
	flag.Float64Var(&w.rate, "r", 2000, "writes a second of all together")
	flag.Float64Var(&w.seconds, "s", 20, "how long")
	flag.StringVar(&w.recordTo, "o", "", "a file to record to")
	flag.Parse()
}

func (w *workload) valid() bool {
	return w.threads >= 1 && w.threads <= mostAtOnce && w.rate > 0 && w.seconds > 0
}

// note writes a line of the record.
func (w *workload) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.record != nil {
		fmt.Fprintf(w.record, format+"\n", args...)
		w.record.Flush()
	}
}

// noteRecovery notes the first reply after writes that got none.
func (w *workload) noteRecovery(f fate) {
	w.mu.Lock()
	back := w.away && f == replied
	w.away = f != replied
	w.mu.Unlock()
	if back {
		w.note("recovered %d", time.Now().UnixMicro())
	}
}

func (w *workload) write(thread int) {
	pause := time.Duration(float64(time.Second) * float64(w.threads) / w.rate)
	next := time.Now().Add(pause * time.Duration(thread) / time.Duration(w.threads))
	for number := 1; ; number++ {
		time.Sleep(time.Until(next))
		if !time.Now().Before(w.ends) {
			return
		}
		began := time.Now()
		f := w.issue(thread, number)
		ended := time.Now()
		w.writers[thread].counted(f, ended.Sub(began))
		w.noteRecovery(f)
		// A slow reply does not change the pace; one that was held up for long does not hurry to catch up.
		if ended.Sub(next) < heldUp {
			next = next.Add(pause)
		} else {
			next = ended
		}
	}
}

func (w *writer) counted(f fate, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fates = append(w.fates, fateLetters[f])
	w.count[f]++
	w.latencies = append(w.latencies, took)
	w.longest = max(w.longest, took)
}

// sample is one look at everything: what was issued, replied and buffered so far, and the latencies since the last look.
func (w *workload) sample() {
	var count [fates]int
	var latencies []time.Duration
	issued := 0
	for i := range w.writers {
		writer := &w.writers[i]
		writer.mu.Lock()
		for f, n := range writer.count {
			count[f] += n
			issued += n
		}
		latencies = append(latencies, writer.latencies...)
		writer.latencies = writer.latencies[:0]
		writer.mu.Unlock()
	}
	median, longest := int64(-1), int64(-1)
	if len(latencies) > 0 {
		slices.Sort(latencies)
		median, longest = latencies[len(latencies)/2].Microseconds(), latencies[len(latencies)-1].Microseconds()
		w.slowest = max(w.slowest, latencies[len(latencies)-1])
	}
	waiting, state := w.look()
	now := time.Now()
	if w.record != nil {
		w.note("sample %d %d %d %d %d %d %d %s", now.UnixMicro(), issued, count[replied], count[buffered], waiting, median, longest, state)
		return
	}
	if since := now.Sub(*w.began.Load()); since >= time.Duration(w.shown+1)*time.Second {
		accepted := count[replied] + count[buffered]
		fmt.Printf("%7.3f s  %6d writes/s  buffered %6d  slowest %8.3f ms  %s\n",
			since.Seconds(), accepted-w.accepted, waiting, float64(w.slowest.Microseconds())/1e3, state)
		w.accepted, w.slowest = accepted, 0
		w.shown++
	}
}

// run lets the writers write for as long as was asked for.
func (w *workload) run() {
	if w.recordTo != "" {
		file, err := os.Create(w.recordTo)
		check(err)
		w.file, w.record = file, bufio.NewWriter(file)
	}
	w.writers = make([]writer, w.threads)
	began := time.Now()
	w.ends = began.Add(time.Duration(w.seconds * float64(time.Second)))
	w.began.Store(&began)
	var all sync.WaitGroup
	for thread := range w.threads {
		all.Add(1)
		go func() {
			defer all.Done()
			w.write(thread)
		}()
	}
	for next := began; time.Now().Before(w.ends); time.Sleep(time.Until(next)) {
		w.sample()
		next = next.Add(lookEvery)
	}
	all.Wait()
	w.sample()
}

// account prints what became of the writes; into the record goes the fate of every single one.
func (w *workload) account() {
	var count [fates]int
	issued, longest := 0, time.Duration(0)
	for thread := range w.writers {
		writer := &w.writers[thread]
		for f, n := range writer.count {
			count[f] += n
		}
		issued += len(writer.fates)
		longest = max(longest, writer.longest)
		w.note("fates %d %s", thread, writer.fates)
	}
	fmt.Println("account issued", issued)
	fmt.Println("account acknowledged", count[replied])
	fmt.Println("account buffered", count[buffered])
	fmt.Println("account failed_not_applied", count[notApplied])
	fmt.Println("account failed_applied", count[applied])
	fmt.Println("account failed_unknown", count[unknown])
	fmt.Println("account longest_stall_us", longest.Microseconds())
	if w.file != nil {
		check(w.file.Close())
	}
}
