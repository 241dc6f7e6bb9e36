// Package gen makes the methods of Client, Caller, Tx and Pipeline from the commands that are written down once.
package gen

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"strings"
)

// A command is a method of the type commands.
type command struct {
	name    string
	doc     []string // lines, without the slashes
	params  string   // as written, without the parentheses
	names   string   // of the parameters, as they are handed on
	result  string   // the type of its value
	waiting bool     // it waits at the server, and has no place in a pipeline or transaction
}

// Files makes the generated files of the package in a folder, by their names.
func Files(folder string) (map[string][]byte, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "commands_*.go"))
	if err != nil {
		return nil, err
	}
	var all []command
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		found, err := parse(path)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no commands in %s", folder)
	}
	files := map[string][]byte{}
	for name, write := range map[string]func(*bytes.Buffer, []command){
		"client_commands.go":   client,
		"caller_commands.go":   caller,
		"tx_commands.go":       tx,
		"pipeline_commands.go": pipeline,
	} {
		var text bytes.Buffer
		write(&text, all)
		formatted, err := format.Source(text.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = formatted
	}
	return files, nil
}

func parse(path string) ([]command, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var all []command
	for _, declaration := range file.Decls {
		method, ok := declaration.(*ast.FuncDecl)
		if !ok || method.Recv == nil || text(set, method.Recv.List[0].Type) != "commands" {
			continue
		}
		c, err := read(set, method)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, method.Name.Name, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func read(set *token.FileSet, method *ast.FuncDecl) (command, error) {
	c := command{name: method.Name.Name}
	if method.Type.Results == nil || len(method.Type.Results.List) != 1 {
		return c, fmt.Errorf("it has not one result")
	}
	result, ok := method.Type.Results.List[0].Type.(*ast.IndexExpr)
	if !ok {
		return c, fmt.Errorf("its result is no request or waiting")
	}
	kind := text(set, result.X)
	if kind != "request" && kind != "waiting" {
		return c, fmt.Errorf("its result is no request or waiting")
	}
	c.waiting, c.result = kind == "waiting", text(set, result.Index)
	if method.Doc == nil || !strings.HasPrefix(method.Doc.Text(), c.name+" ") {
		return c, fmt.Errorf("its comment does not begin with its name")
	}
	c.doc = strings.Split(strings.TrimSpace(method.Doc.Text()), "\n")
	var params, names []string
	for _, field := range method.Type.Params.List {
		written := make([]string, len(field.Names))
		for i, name := range field.Names {
			written[i] = name.Name
			handed := name.Name
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				handed += "..."
			}
			names = append(names, handed)
		}
		params = append(params, strings.Join(written, ", ")+" "+text(set, field.Type))
	}
	c.params, c.names = strings.Join(params, ", "), strings.Join(names, ", ")
	return c, nil
}

func text(set *token.FileSet, node ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, set, node); err != nil {
		return ""
	}
	return b.String()
}

const notice = "// Code generated from commands_*.go by internal/gen; DO NOT EDIT.\n\npackage rr\n\n"

func head(b *bytes.Buffer, imports ...string) {
	b.WriteString(notice)
	b.WriteString("import (\n")
	for _, path := range imports {
		fmt.Fprintf(b, "\t%q\n", path)
	}
	b.WriteString(")\n")
}

func (c command) comment(b *bytes.Buffer) {
	b.WriteString("\n")
	for _, line := range c.doc {
		fmt.Fprintf(b, "// %s\n", line)
	}
}

// with puts a parameter before the others.
func (c command) with(first string) string {
	if c.params == "" {
		return first
	}
	return first + ", " + c.params
}

// made is the expression that makes the request.
func (c command) made() string {
	made := fmt.Sprintf("commands{}.%s(%s)", c.name, c.names)
	if c.waiting {
		made += ".request"
	}
	return made
}

// direct writes methods that send a command at once, by one of two functions: for a value, and for none.
func direct(b *bytes.Buffer, c command, receiver, one, none string) {
	c.comment(b)
	if c.result == "None" {
		fmt.Fprintf(b, "func (%s) %s(%s) error {\n\treturn %s, %s)\n}\n", receiver, c.name, c.with("ctx context.Context"), none, c.made())
		return
	}
	fmt.Fprintf(b, "func (%s) %s(%s) (%s, error) {\n\treturn %s, %s)\n}\n",
		receiver, c.name, c.with("ctx context.Context"), c.result, one, c.made())
}

func client(b *bytes.Buffer, all []command) {
	head(b, "context", "time")
	for _, c := range all {
		direct(b, c, "c *Client", "run(ctx, c, CommandOptions{}", "runNone(ctx, c, CommandOptions{}")
	}
}

func caller(b *bytes.Buffer, all []command) {
	head(b, "context", "time")
	for _, c := range all {
		c.doc = []string{c.name + " is Client." + c.name + " with the options of the caller."}
		direct(b, c, "c Caller", "run(ctx, c.client, c.options", "runNone(ctx, c.client, c.options")
	}
}

func tx(b *bytes.Buffer, all []command) {
	head(b, "context", "time")
	for _, c := range all {
		if c.waiting {
			continue
		}
		c.doc = []string{c.name + " is Client." + c.name + ", sent at once on the connection that watches."}
		direct(b, c, "tx *Tx", "runTx(ctx, tx", "runTxNone(ctx, tx")
	}
}

func pipeline(b *bytes.Buffer, all []command) {
	head(b, "time")
	for _, c := range all {
		if c.waiting {
			continue
		}
		c.doc = []string{c.name + " adds what Client." + c.name + " sends; its result is there after Exec."}
		c.comment(b)
		fmt.Fprintf(b, "func (p *Pipeline) %s(%s) *Result[%s] {\n\treturn add(p, %s)\n}\n", c.name, c.params, c.result, c.made())
	}
}
