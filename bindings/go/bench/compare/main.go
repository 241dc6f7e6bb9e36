// Command compare measures this client against go-redis and rueidis: it starts a redis-server on a free loopback port, runs the
// benchmarks of this module by turns, each side in a process of its own, and prints medians and ratios.
//
//	go run ./compare [-rounds 7] [-time 300ms] [-only Get] [-json file] [-markdown]
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// work is a benchmark, and what it is to reach against each of the others; 0: no goal.
type work struct {
	name    string
	about   string
	goRedis float64
	rueidis float64
}

var works = []work{
	{"Get/1", "GET, 1 goroutine", 0, 0},
	{"Get/64", "GET, 64 goroutines", 2, 0.8},
	{"Get/1000", "GET, 1000 goroutines", 2, 0.8},
	{"Set/64", "SET, 64 goroutines", 2, 0.8},
	{"Pipeline/100x1", "pipeline of 100 GETs, 1 goroutine", 0, 0},
	{"Pipeline/100x8", "pipeline of 100 GETs, 8 goroutines", 0, 0},
	{"Array/1000x1", "LRANGE of 1000, 1 goroutine", 0, 0},
	{"Array/1000x64", "LRANGE of 1000, 64 goroutines", 0, 0},
	{"PubSub", "messages of a channel", 0, 0},
}

var sides = []string{"ours", "go-redis", "rueidis"}

// row is what came of a work.
type row struct {
	Name   string             `json:"name"`
	Median map[string]float64 `json:"ns_per_op"`
	Ratio  map[string]float64 `json:"ratio"`
	Spread map[string]string  `json:"middle_half"`
	Goal   map[string]float64 `json:"goal,omitempty"`
}

func main() {
	rounds := flag.Int("rounds", 7, "how many times each side runs")
	long := flag.Duration("time", 300*time.Millisecond, "how long it runs each time")
	only := flag.String("only", "", "a part of a benchmark's name")
	file := flag.String("json", "", "where the rows go, too")
	markdown := flag.Bool("markdown", false, "print the table in Markdown")
	flag.Parse()
	if err := run(*rounds, *long, *only, *file, *markdown); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(rounds int, long time.Duration, only, file string, markdown bool) error {
	if rounds < 1 || long <= 0 {
		return fmt.Errorf("-rounds and -time must be above 0")
	}
	folder, err := os.MkdirTemp("", "rr-go-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "bench")
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("cannot build the benchmarks: %w", err)
	}
	address, stop, err := serve(folder)
	if err != nil {
		return err
	}
	defer stop()
	var rows []row
	for _, w := range works {
		if !strings.Contains(w.name, only) {
			continue
		}
		r, err := compare(binary, address, w, rounds, long)
		if err != nil {
			return err
		}
		rows = append(rows, r)
		fmt.Fprintf(os.Stderr, "%-36s %5.2f of go-redis, %5.2f of rueidis\n", w.about, r.Ratio["go-redis"], r.Ratio["rueidis"])
	}
	print(rows, markdown)
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// serve starts a server of its own.
func serve(folder string) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = l.Addr().String()
	l.Close()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, err
	}
	server := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder)
	if err := server.Start(); err != nil {
		return "", nil, fmt.Errorf("cannot start redis-server: %w", err)
	}
	stop = func() {
		server.Process.Kill()
		server.Wait()
	}
	for range 500 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address, stop, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("redis-server does not listen on %s", address)
}

// compare runs a work by turns; the order of the sides changes from round to round.
func compare(binary, address string, w work, rounds int, long time.Duration) (row, error) {
	took := map[string][]float64{}
	for round := range rounds {
		for turn := range sides {
			side := sides[(round+turn)%len(sides)]
			ns, err := once(binary, address, "Benchmark"+w.name+"/"+side, long)
			if err != nil {
				return row{}, err
			}
			took[side] = append(took[side], ns)
		}
	}
	r := row{Name: w.about, Median: map[string]float64{}, Ratio: map[string]float64{}, Spread: map[string]string{}, Goal: map[string]float64{}}
	for _, side := range sides {
		r.Median[side] = quantile(took[side], 0.5)
	}
	for side, goal := range map[string]float64{"go-redis": w.goRedis, "rueidis": w.rueidis} {
		ratios := make([]float64, rounds)
		for i := range ratios {
			ratios[i] = took[side][i] / took["ours"][i]
		}
		r.Ratio[side] = quantile(ratios, 0.5)
		r.Spread[side] = fmt.Sprintf("%.2f to %.2f", quantile(ratios, 0.25), quantile(ratios, 0.75))
		if goal > 0 {
			r.Goal[side] = goal
		}
	}
	return r, nil
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

var line = regexp.MustCompile(`^Benchmark\S+\s+\d+\s+([0-9.]+) ns/op`)

// once runs one benchmark in a process of its own.
func once(binary, address, name string, long time.Duration) (float64, error) {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	command := exec.Command(binary, "-test.run", "^$", "-test.bench", strings.Join(parts, "/"), "-test.benchtime", long.String(), "-test.timeout", "2m")
	command.Env = append(os.Environ(), "BENCH_ADDRESS="+address)
	output, err := command.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", name, err, output)
	}
	scanner := bufio.NewScanner(strings.NewReader(string(output)))
	for scanner.Scan() {
		if found := line.FindStringSubmatch(scanner.Text()); found != nil {
			return strconv.ParseFloat(found[1], 64)
		}
	}
	return 0, fmt.Errorf("%s gave no figure:\n%s", name, output)
}

func print(rows []row, markdown bool) {
	form := "%-36s %11s %11s %11s   %-24s %-24s\n"
	if markdown {
		form = "| %s | %s | %s | %s | %s | %s |\n"
	}
	fmt.Printf(form, "work, µs for each", "ours", "go-redis", "rueidis", "of go-redis", "of rueidis")
	if markdown {
		fmt.Println("|---|--:|--:|--:|---|---|")
	}
	for _, r := range rows {
		cells := []any{r.Name}
		for _, side := range sides {
			cells = append(cells, fmt.Sprintf("%.2f", r.Median[side]/1000))
		}
		for _, side := range sides[1:] {
			text := fmt.Sprintf("%.2f (%s)", r.Ratio[side], r.Spread[side])
			if goal, ok := r.Goal[side]; ok {
				text += fmt.Sprintf(", goal %g", goal)
			}
			cells = append(cells, text)
		}
		fmt.Printf(form, cells...)
	}
}
