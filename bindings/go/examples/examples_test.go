package examples

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/redistest"
)

// build makes the programs once for all tests.
func build(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	out, err := exec.Command("go", "build", "-o", folder, "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return folder
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

func TestTheExamplesDoWhatTheySay(t *testing.T) {
	s := redistest.Start(t)
	folder := build(t)
	for name, want := range map[string]string{
		"hello":    "visit 1\n0 sent, 0 lost\n",
		"pipeline": "5 values\nset: <nil>\nwrong: rr: ERR value is not an integer or out of range\ncount: 3\nnames: [a b c]\n",
		"watch":    "from \"0\" to \"80\"\n",
	} {
		if got := run(t, filepath.Join(folder, name), s.URL()); got != want {
			t.Errorf("%s says %q, want %q", name, got, want)
		}
	}
	s.Kill()
	if got := run(t, filepath.Join(folder, "hello"), s.URL("connect_timeout_ms=100")); !strings.HasPrefix(got, "accepted\n0 sent, 1 lost") {
		t.Errorf("without a server hello says %q", got)
	}
	s.Restart(t)
	t.Run("subscribe", func(t *testing.T) { subscribe(t, s, folder) })
	t.Run("outage", func(t *testing.T) { outage(t, s, folder) })
}

func TestTheProgramsOfTheReadmesRun(t *testing.T) {
	for _, readme := range []string{"../README.md", "../../../README.md"} {
		t.Run(readme, func(t *testing.T) { programOf(t, readme) })
	}
}

func programOf(t *testing.T, readme string) {
	s := redistest.Start(t)
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	program := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(text)
	if program == nil {
		t.Fatal("there is no program")
	}
	// Inside of the module, so that it is found without being asked for; the go command passes over a folder with this name.
	folder, err := os.MkdirTemp(".", "_readme")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "main.go")
	if err := os.WriteFile(path, program[1], 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "go", "run", path, s.URL()); got != "visit 1\n" {
		t.Errorf("it says %q", got)
	}
}

func subscribe(t *testing.T, s *redistest.Server, folder string) {
	cmd := exec.Command(filepath.Join(folder, "subscribe"), s.URL("reconnect_max_delay_ms=20"), "news")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	subscribed := func() {
		for {
			n := s.Must(t, "PUBLISH", "news", "hello").(int64)
			if n == 1 {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	lines := bufio.NewScanner(out)
	read := func(want string) {
		t.Helper()
		if !lines.Scan() || !regexp.MustCompile("^"+want+"$").MatchString(lines.Text()) {
			t.Fatalf("it says %q, want %q", lines.Text(), want)
		}
	}
	subscribed()
	read("news: hello")
	s.Kill()
	s.Restart(t)
	subscribed()
	read(`-- nothing was heard from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d`)
	read("news: hello")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func outage(t *testing.T, s *redistest.Server, folder string) {
	record := filepath.Join(t.TempDir(), "record")
	cmd := exec.Command(filepath.Join(folder, "outage"), "-t", "4", "-r", "1000", "-s", "2", "-o", record,
		s.URL(), "reconnect_max_delay_ms=20", "outage_grace_ms=50")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	samples := func(pattern string) {
		t.Helper()
		wanted := regexp.MustCompile(pattern)
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			text, _ := os.ReadFile(record)
			all := strings.Split(string(text), "\n")
			if len(all) > 3 && wanted.MatchString(all[len(all)-2]) {
				return
			}
		}
		t.Fatalf("there is no sample with %s", pattern)
	}
	samples(" RR_STATE_READY$")
	s.Kill()
	// Some writes were buffered: the fourth number says how many.
	samples(`^sample( \d+){3} [1-9]\d*( -?\d+){3} RR_STATE_RECONNECTING$`)
	s.Restart(t)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	account := map[string]int{}
	for _, line := range regexp.MustCompile(`(?m)^account (\w+) (\d+)$`).FindAllStringSubmatch(out.String(), -1) {
		account[line[1]], _ = strconv.Atoi(line[2])
	}
	if len(account) != 11 || account["issued"] < 100 || account["buffered"] == 0 || account["left_at_close"] != 0 ||
		account["acknowledged"]+account["buffered"] != account["issued"] || account["longest_outage_us"] == 0 {
		t.Errorf("the account is %v\n%s", account, out.String())
	}
	for _, want := range []string{"version ", "s  RR_EVENT_DISCONNECTED: ", "s  RR_EVENT_CONNECTED: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said:\n%s", want, out.String())
		}
	}
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^recovered \d{16}$`).Match(text) ||
		!regexp.MustCompile(`(?m)^sample \d{16}( \d+){4}( -?\d+){2} RR_STATE_\w+$`).Match(text) {
		t.Errorf("the record is not right:\n%s", text)
	}
	issued := 0
	for _, line := range regexp.MustCompile(`(?m)^fates (\d+) ([rb]*)$`).FindAllStringSubmatch(string(text), -1) {
		issued += len(line[2])
		there := map[string]bool{}
		for _, number := range s.Must(t, "LRANGE", "demo:thread:"+line[1], "0", "-1").([]any) {
			there[number.(string)] = true
		}
		for number := 1; number <= len(line[2]); number++ {
			if !there[fmt.Sprint(number)] {
				t.Errorf("thread %s: %d was accepted and is missing", line[1], number)
			}
		}
	}
	if issued != account["issued"] {
		t.Errorf("%d fates and %d writes", issued, account["issued"])
	}
}
