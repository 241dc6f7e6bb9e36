// Command commands writes the generated files of the package in the present folder.
package main

import (
	"fmt"
	"os"

	"resilient-redis/bindings/go/internal/gen"
)

func main() {
	files, err := gen.Files(".")
	for name, text := range files {
		if err == nil {
			err = os.WriteFile(name, text, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
