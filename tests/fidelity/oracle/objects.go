package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

type pattern struct {
	Name       string     `json:"name"`
	Chans      []*int     `json:"chans"`
	Mutexes    int        `json:"mutexes"`
	RWMutexes  int        `json:"rwmutexes"`
	WaitGroups int        `json:"waitgroups"`
	Conds      any        `json:"conds"`
	Onces      int        `json:"onces"`
	Vars       int        `json:"vars"`
	Timers     int        `json:"timers"`
	Contexts   int        `json:"contexts"`
	Slots      [][]string `json:"slots"`
	Bodies     [][]any    `json:"bodies"`
}

// A timer variable's value: one of the two.
type clock struct {
	t *time.Timer
	k *time.Ticker
}

type ctx struct {
	context.Context
	cancel context.CancelFunc
}

type tables struct {
	chans  []chan int
	mu     []sync.Mutex
	rw     []sync.RWMutex
	wg     []sync.WaitGroup
	cond   []*sync.Cond
	once   []sync.Once
	vars   []int64
	timers []*clock
	ctxs   []*ctx
}

func background() *ctx { return &ctx{context.Background(), func() {}} }

func (p *pattern) tables() tables {
	t := tables{
		mu: make([]sync.Mutex, p.Mutexes), rw: make([]sync.RWMutex, p.RWMutexes), wg: make([]sync.WaitGroup, p.WaitGroups),
		once: make([]sync.Once, p.Onces), vars: make([]int64, p.Vars), timers: make([]*clock, p.Timers),
	}
	for _, n := range p.Chans {
		var c chan int
		if n != nil {
			c = make(chan int, *n)
		}
		t.chans = append(t.chans, c)
	}
	for i := 0; i < p.Contexts; i++ {
		t.ctxs = append(t.ctxs, background())
	}
	switch conds := p.Conds.(type) {
	case float64:
		for i := 0; i < int(conds); i++ {
			t.cond = append(t.cond, sync.NewCond(new(sync.Mutex)))
		}
	case []any:
		for _, c := range conds {
			var l sync.Locker = new(sync.Mutex)
			if c != nil {
				which := num(c.([]any)[1])
				switch c.([]any)[0] {
				case "mutex":
					l = &t.mu[which]
				case "rwmutex":
					l = &t.rw[which]
				case "rlocker":
					l = t.rw[which].RLocker()
				}
			}
			t.cond = append(t.cond, sync.NewCond(l))
		}
	}
	return t
}

// zero is what a slot of that kind begins with.
func zero(kind string) any {
	switch kind {
	case "chan":
		return (chan int)(nil)
	case "mutex":
		return new(sync.Mutex)
	case "rwmutex":
		return new(sync.RWMutex)
	case "waitgroup":
		return new(sync.WaitGroup)
	case "cond":
		return sync.NewCond(new(sync.Mutex))
	case "once":
		return new(sync.Once)
	case "var":
		return new(int64)
	case "timer":
		return (*clock)(nil)
	}
	return background()
}

// A ref finds an object: an index of a table or "$slot".
type ref[T any] func(f *frame) T

func num(v any) int { return int(v.(float64)) }

func find[T any](v any, table func(t *tables, i int) T) ref[T] {
	if s, ok := v.(string); ok {
		i := slot(s)
		return func(f *frame) T { return f.slots[i].(T) }
	}
	i := num(v)
	return func(f *frame) T { return table(&f.r.tables, i) }
}

func slot(s string) int {
	i := 0
	for _, c := range s[1:] {
		i = 10*i + int(c-'0')
	}
	return i
}

func mutex(v any) ref[*sync.Mutex] {
	return find(v, func(t *tables, i int) *sync.Mutex { return &t.mu[i] })
}
func rwmutex(v any) ref[*sync.RWMutex] {
	return find(v, func(t *tables, i int) *sync.RWMutex { return &t.rw[i] })
}
func waitgroup(v any) ref[*sync.WaitGroup] {
	return find(v, func(t *tables, i int) *sync.WaitGroup { return &t.wg[i] })
}
func cond(v any) ref[*sync.Cond] {
	return find(v, func(t *tables, i int) *sync.Cond { return t.cond[i] })
}
func once(v any) ref[*sync.Once] {
	return find(v, func(t *tables, i int) *sync.Once { return &t.once[i] })
}
func variable(v any) ref[*int64] { return find(v, func(t *tables, i int) *int64 { return &t.vars[i] }) }
func timer(v any) ref[*clock]    { return find(v, func(t *tables, i int) *clock { return t.timers[i] }) }
func contextOf(v any) ref[*ctx]  { return find(v, func(t *tables, i int) *ctx { return t.ctxs[i] }) }
func channel(v any) ref[chan int] {
	return find(v, func(t *tables, i int) chan int { return t.chans[i] })
}

// value is a number, or ["var", variable]: what it has when the operation begins.
func value(v any) ref[int64] {
	if l, ok := v.([]any); ok {
		at := variable(l[1])
		return func(f *frame) int64 { return *at(f) }
	}
	n := int64(num(v))
	return func(*frame) int64 { return n }
}

// into stores in a variable, or nowhere.
func into(v any) func(f *frame, n int64) {
	if v == nil {
		return func(*frame, int64) {}
	}
	at := variable(v)
	return func(f *frame, n int64) { *at(f) = n }
}

// put sets a variable that holds a reference.
func put[T any](v any, table func(t *tables, i int, x T)) func(f *frame, x T) {
	if s, ok := v.(string); ok {
		i := slot(s)
		return func(f *frame, x T) { f.slots[i] = x }
	}
	i := num(v)
	return func(f *frame, x T) { table(&f.r.tables, i, x) }
}

// given evaluates the arguments of go, in the kinds of the body's slots.
func given(f *frame, b int, args []any) []any {
	var all []any
	for i, a := range args {
		switch f.r.bodies[b].slots[i] {
		case "chan":
			all = append(all, channel(a)(f))
		case "mutex":
			all = append(all, mutex(a)(f))
		case "rwmutex":
			all = append(all, rwmutex(a)(f))
		case "waitgroup":
			all = append(all, waitgroup(a)(f))
		case "cond":
			all = append(all, cond(a)(f))
		case "once":
			all = append(all, once(a)(f))
		case "timer":
			all = append(all, timer(a)(f))
		case "context":
			all = append(all, contextOf(a)(f))
		case "var":
			if l, ok := a.([]any); ok { // ["value", x]: a copy
				fresh := new(int64)
				*fresh = value(l[1])(f)
				all = append(all, fresh)
			} else {
				all = append(all, variable(a)(f))
			}
		}
	}
	return all
}

// text is an operand as the pattern writes it.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		fail(err)
	}
	return string(b)
}
