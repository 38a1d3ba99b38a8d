package main

import (
	"fmt"
	"math/rand"
	"runtime"
	"strconv"
)

// An op is one operation of a pattern: ["name", operand, ...].
type op []any

func (o op) int(i int) int { return num(o[i]) }

// at is an operand that may have been left out.
func (o op) at(i int) any {
	if i < len(o) {
		return o[i]
	}
	return nil
}

// said is the line that tells that it has completed, with its first operand.
func (o op) said() string {
	if len(o) == 1 {
		return `"` + o[0].(string) + `"`
	}
	return `"` + o[0].(string) + `",` + text(o[1])
}

func plain(do func(f *frame)) step {
	return step{do: func(f *frame) flow { do(f); return next }}
}

// told does something and logs line.
func told(line string, do func(f *frame)) step {
	return plain(func(f *frame) { do(f); f.r.log(line) })
}

func compile(ops []any) []step {
	var steps []step
	for _, o := range ops {
		steps = append(steps, compileOp(o.([]any)))
	}
	return steps
}

func compileOp(o op) step {
	for _, family := range []func(op) (step, bool){control, variables, channels, locks, timers, contexts} {
		if s, ok := family(o); ok {
			return s
		}
	}
	fail("unknown op", o[0])
	return step{}
}

func list(v any) []step { return compile(v.([]any)) }

// rounds of a loop while head says so.
func rounds(f *frame, body []step, head func(i int) bool) flow {
	for i := 0; head(i); i++ {
		if got := walk(f, body); got == leaveBody {
			return got
		} else if got == leaveLoop {
			break
		}
	}
	return next
}

func compared(how string, a, b int64) bool {
	switch how {
	case "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	}
	return a >= b
}

// condition reads ["op", v, x, ...] or ["op", v, "<", x, ...]; further operands begin at the index it returns.
func condition(o op) (func(f *frame) bool, int) {
	v, how, i := variable(o[1]), "==", 2
	if s, ok := o[2].(string); ok {
		how, i = s, 3
	}
	x := value(o[i])
	return func(f *frame) bool { is := *v(f); return compared(how, is, x(f)) }, i + 1
}

func control(o op) (step, bool) {
	switch o[0].(string) {
	case "go":
		b, args := o.int(1), o[2:]
		return told(fmt.Sprintf(`"go",%d`, b), func(f *frame) { f.r.start(b, given(f, b, args)) }), true
	case "yield":
		return told(o.said(), func(*frame) { runtime.Gosched() }), true
	case "mark":
		return told(o.said(), func(*frame) {}), true
	case "snap":
		return plain(func(f *frame) { f.r.snap() }), true
	case "loop":
		n, body := o.int(1), list(o[2])
		return step{do: func(f *frame) flow { return rounds(f, body, func(i int) bool { return n < 0 || i < n }) }}, true
	case "while":
		holds, at := condition(o)
		body := list(o[at])
		return step{do: func(f *frame) flow { return rounds(f, body, func(int) bool { return holds(f) }) }}, true
	case "if":
		holds, at := condition(o)
		yes, no := list(o[at]), list(o[at+1])
		return step{do: func(f *frame) flow {
			if holds(f) {
				return walk(f, yes)
			}
			return walk(f, no)
		}}, true
	case "choose":
		var branches [][]step
		for _, b := range o[1:] {
			branches = append(branches, list(b))
		}
		return step{do: func(f *frame) flow {
			i := rand.Intn(len(branches))
			f.r.log(`"choose",` + strconv.Itoa(i))
			return walk(f, branches[i])
		}}, true
	case "break":
		return step{do: func(*frame) flow { return leaveLoop }}, true
	case "return":
		return step{do: func(*frame) flow { return leaveBody }}, true
	case "func":
		body := list(o[1])
		return plain(func(f *frame) { function(f, body) }), true
	case "defer":
		late := list(o[1])
		if late == nil {
			late = []step{}
		}
		return step{defers: late}, true
	case "recover":
		to := into(o.at(1))
		return step{recover: func(f *frame, got any) {
			if got == nil {
				to(f, 0)
				f.r.log(`"recover",null`)
				return
			}
			to(f, 1)
			f.r.log(fmt.Sprintf(`"recover",%s`, text(fmt.Sprint(got))))
		}}, true
	case "goexit":
		return plain(func(*frame) { runtime.Goexit() }), true
	case "panic":
		what := "pattern"
		if len(o) > 1 {
			what = o[1].(string)
		}
		return plain(func(*frame) { panic(what) }), true
	}
	return step{}, false
}
