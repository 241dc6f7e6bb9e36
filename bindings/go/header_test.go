package rr

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the package does not call, and why.
var notCalled = map[string]string{
	"rr_client_open":               "OpenConfig makes every client from a config",
	"rr_command":                   "the packed form crosses with one pointer",
	"rr_command_with":              "the packed form crosses with one pointer",
	"rr_command_packed":            "the form with options serves",
	"rr_reply_element":             "replies are read in the view",
	"rr_pipeline_append":           "the packed form crosses with one pointer",
	"rr_pipeline_length":           "the commands are counted in Go",
	"rr_pipeline_execute":          "a pipeline is submitted, so that it holds no thread and can be cancelled",
	"rr_pipeline_clear":            "a pipeline of C lives for one execution",
	"rr_script_run":                "a script is submitted as EVAL with its source, so that it holds no thread and can be cancelled",
	"rr_script_run_packed":         "a script is submitted as EVAL with its source, so that it holds no thread and can be cancelled",
	"rr_transaction_command":       "the packed form crosses with one pointer",
	"rr_transaction_queue":         "the packed form crosses with one pointer",
	"rr_transaction_run":           "Transact is the same loop in Go, where no callback is needed",
	"rr_submit":                    "completions are pulled from a queue",
	"rr_submit_to":                 "the packed form crosses with one pointer",
	"rr_submit_pipeline":           "completions are pulled from a queue",
	"rr_queue_fd":                  "a goroutine waits in rr_queue_next",
	"rr_subscribe":                 "messages are pulled, by a goroutine",
	"rr_subscription_fd":           "a goroutine waits in rr_subscription_next",
	"rr_config_set_event_callback": "events are pulled, by NextEvent",
	"rr_outcome_name":              "Outcome.String says it in words",
	"rr_type_name":                 "Kind.String says it in words",
}

func TestEveryFunctionOfTheHeaderIsCalledOrLeftOutForAReason(t *testing.T) {
	header, err := os.ReadFile("../../include/resilient_redis.h")
	must(t, err)
	text := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(header), "")
	functions := regexp.MustCompile(`\b(rr_[a-z0-9_]+)\(`).FindAllStringSubmatch(text, -1)
	if len(functions) < 130 {
		t.Fatalf("only %d functions were found", len(functions))
	}
	var source strings.Builder
	for _, pattern := range []string{"*.go", "*.c"} {
		paths, err := filepath.Glob(pattern)
		must(t, err)
		for _, path := range paths {
			if !strings.HasSuffix(path, "_test.go") {
				part, err := os.ReadFile(path)
				must(t, err)
				source.Write(part)
			}
		}
	}
	// Comments of C and of Go name functions without calling them.
	code := regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`).ReplaceAllString(source.String(), "")
	known := map[string]bool{}
	for _, function := range functions {
		name := function[1]
		known[name] = true
		called := regexp.MustCompile(`\b` + name + `\(`).MatchString(code)
		reason, listed := notCalled[name]
		switch {
		case !called && !listed:
			t.Errorf("%s is not called, and nothing says why", name)
		case called && listed:
			t.Errorf("%s is called, and listed as not: %s", name, reason)
		case listed && reason == "":
			t.Errorf("%s has no reason", name)
		}
	}
	for name := range notCalled {
		if !known[name] {
			t.Errorf("%s is not in the header", name)
		}
	}
}
