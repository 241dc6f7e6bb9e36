package rr

// Scripts and functions as plain commands. Script runs one that is kept in a variable, and can queue it.

// Eval runs a script; what does not begin with keys are its arguments.
func (commands) Eval(source string, keys []string, args ...any) request[Value] {
	return ask(script("EVAL").str(source).keys(keys).values(args...), asValue)
}

// EvalRO runs a script that only reads, from Redis 7 on.
func (commands) EvalRO(source string, keys []string, args ...any) request[Value] {
	return ask(cmd("EVAL_RO").str(source).keys(keys).values(args...), asValue)
}

// EvalSha runs a script that the server has, by its digest.
func (commands) EvalSha(sha string, keys []string, args ...any) request[Value] {
	return ask(script("EVALSHA").str(sha).keys(keys).values(args...), asValue)
}

// ScriptLoad gives a script to the server to keep, and its digest back.
func (commands) ScriptLoad(source string) request[string] {
	return ask(cmd("SCRIPT", "LOAD").str(source), Value.Text)
}

// ScriptExists tells of each digest whether the server has the script.
func (commands) ScriptExists(shas ...string) request[[]bool] {
	return ask(cmd("SCRIPT", "EXISTS").strs(shas...), Value.Bools)
}

// ScriptFlush has the server forget all scripts.
func (commands) ScriptFlush() request[None] { return ask(cmd("SCRIPT", "FLUSH"), done) }

// FCall runs a function of a library that the server has, from Redis 7 on.
func (commands) FCall(function string, keys []string, args ...any) request[Value] {
	return ask(script("FCALL").str(function).keys(keys).values(args...), asValue)
}

// FCallRO runs a function that only reads.
func (commands) FCallRO(function string, keys []string, args ...any) request[Value] {
	return ask(cmd("FCALL_RO").str(function).keys(keys).values(args...), asValue)
}

// FunctionLoad gives a library of functions to the server, in place of one of that name only if replace is set, and tells its
// name.
func (commands) FunctionLoad(source string, replace bool) request[string] {
	return ask(cmd("FUNCTION", "LOAD").when(replace, "REPLACE").str(source), Value.Text)
}
