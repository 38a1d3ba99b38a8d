package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

func variables(o op) (step, bool) {
	name := o[0].(string)
	if !strings.Contains(" set inc sum diff assert atomic load store swap cas ", " "+name+" ") {
		return step{}, false
	}
	v, done := variable(o[1]), o.said()
	// result stores what an atomic operation gave, and logs it.
	result := func(f *frame, to any, n int64) {
		into(to)(f, n)
		f.r.log(done + "," + strconv.FormatInt(n, 10))
	}
	switch name {
	case "set":
		x := value(o[2])
		return told(done, func(f *frame) { *v(f) = x(f) }), true
	case "inc": // a read and a write, not one atomic step
		return told(done, func(f *frame) { at := v(f); *at = *at + 1 }), true
	case "sum":
		x, y := value(o[2]), value(o[3])
		return told(done, func(f *frame) { *v(f) = x(f) + y(f) }), true
	case "diff":
		x, y := value(o[2]), value(o[3])
		return told(done, func(f *frame) { *v(f) = x(f) - y(f) }), true
	case "assert":
		holds, at := condition(o)
		x, how := value(o[at-1]), ""
		if at == 4 && o[2] != "==" {
			how = o[2].(string) + " "
		}
		which := fmt.Sprint(o[1])
		return plain(func(f *frame) {
			if !holds(f) {
				panic(fmt.Sprintf("assert: variable %s is %d, not %s%d", which, *v(f), how, x(f)))
			}
		}), true
	case "atomic":
		x := value(o[2])
		if len(o) == 3 {
			return told(done, func(f *frame) { atomic.AddInt64(v(f), x(f)) }), true
		}
		return plain(func(f *frame) { result(f, o[3], atomic.AddInt64(v(f), x(f))) }), true
	case "load":
		return plain(func(f *frame) { result(f, o[2], atomic.LoadInt64(v(f))) }), true
	case "store":
		x := value(o[2])
		return told(done, func(f *frame) { atomic.StoreInt64(v(f), x(f)) }), true
	case "swap":
		x := value(o[2])
		return plain(func(f *frame) { result(f, o[3], atomic.SwapInt64(v(f), x(f))) }), true
	}
	old, to := value(o[2]), value(o[3]) // cas
	return plain(func(f *frame) {
		was := int64(0)
		if atomic.CompareAndSwapInt64(v(f), old(f), to(f)) {
			was = 1
		}
		result(f, o[4], was)
	}), true
}
