// Package redistest starts redis-server for tests, on a free port of the loopback interface and in a folder of its own, and ends
// it by its own process id.
package redistest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startTime is how long a server may take to answer.
const startTime = 10 * time.Second

// Server is a redis-server process, which may be dead for the moment.
type Server struct {
	folder string
	port   int
	args   []string
	cmd    *exec.Cmd
}

// Start starts a server that ends with the test. Its data is written to disk before it answers, so that it survives a kill.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s, err := Run(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// Run starts a server in a folder, with further arguments for redis-server.
func Run(folder string, args ...string) (*Server, error) {
	var err error
	for range 5 {
		s := &Server{folder: folder, args: args}
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
		// Somebody else may have taken the port meanwhile: then with another one.
		if err = s.start(); err == nil {
			return s, nil
		}
		s.Kill()
	}
	return nil, err
}

// Forever starts a server in a new temporary folder, for programs without a test; stop ends it and removes the folder.
func Forever() (url string, stop func()) {
	folder, err := os.MkdirTemp("", "redistest")
	if err != nil {
		panic(err)
	}
	s, err := Run(folder)
	if err != nil {
		panic(err)
	}
	return s.URL(), func() {
		s.Kill()
		os.RemoveAll(folder)
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *Server) start() error {
	args := append([]string{
		"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.folder, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--logfile", filepath.Join(s.folder, "log"),
	}, s.args...)
	before := s.readiness()
	s.cmd = exec.Command("redis-server", args...)
	// It does not outlive the program that started it.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(startTime); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if s.readiness() == before {
			// Whoever answers at the port is another one.
			continue
		}
		_, err := s.Do("PING")
		// One that asks for a password answers, too; one that is loading its data is not there yet.
		if err == nil || errors.Is(err, errRefused) && !strings.Contains(err.Error(), "LOADING") {
			return nil
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return fmt.Errorf("redis-server does not answer at port %d: %s", s.port, log)
}

// readiness tells how often the log says that the server is ready.
func (s *Server) readiness() int {
	log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return strings.Count(string(log), "Ready to accept connections")
}

// Kill ends the process at once (SIGKILL), if it runs, and waits for its end.
func (s *Server) Kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	s.cmd.Process.Kill()
	s.cmd.Wait()
	s.cmd = nil
}

// Restart starts it again after Kill, at the same port and with the same data, and waits until it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Freeze stops the process without ending it (SIGSTOP), until Thaw.
func (s *Server) Freeze() { s.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (s *Server) Thaw() { s.cmd.Process.Signal(syscall.SIGCONT) }

// Addr is its address, "127.0.0.1:port".
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Port is its port.
func (s *Server) Port() int { return s.port }

// URL is its address as a URL, with options such as "outage_grace_ms=0".
func (s *Server) URL(options ...string) string { return URL(s.Addr(), options...) }

// URL makes a URL of an address and options.
func URL(addr string, options ...string) string {
	url := "redis://" + addr
	for i, option := range options {
		if i == 0 {
			url += "?" + option
		} else {
			url += "&" + option
		}
	}
	return url
}

// Must sends a command on a connection of its own, without the library that is tested, and gives the reply as Do does.
func (s *Server) Must(t testing.TB, args ...string) any {
	t.Helper()
	reply, err := s.Do(args...)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}
