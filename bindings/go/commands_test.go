package rr

import (
	"bytes"
	"os"
	"testing"

	"resilient-redis/bindings/go/internal/gen"
)

func TestTheGeneratedFilesAreWhatTheCommandsSay(t *testing.T) {
	files, err := gen.Files(".")
	must(t, err)
	for name, want := range files {
		is, err := os.ReadFile(name)
		must(t, err)
		if !bytes.Equal(is, want) {
			t.Errorf("%s is not what the generator makes: run go generate", name)
		}
	}
}
