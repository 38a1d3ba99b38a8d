package main

import (
	"fmt"
	"sync"
)

// On a lock, a wait group, a condition.
func locks(o op) (step, bool) {
	tried := func(try func(f *frame) bool) (step, bool) {
		to := into(o[2])
		return plain(func(f *frame) {
			ok := try(f)
			to(f, number(ok))
			f.r.log(fmt.Sprintf("%s,%v", o.said(), ok))
		}), true
	}
	on := func(do func(f *frame)) (step, bool) { return told(o.said(), do), true }
	switch o[0].(string) {
	case "lock":
		m := mutex(o[1])
		return on(func(f *frame) { m(f).Lock() })
	case "unlock":
		m := mutex(o[1])
		return on(func(f *frame) { m(f).Unlock() })
	case "trylock":
		m := mutex(o[1])
		return tried(func(f *frame) bool { return m(f).TryLock() })
	case "rwlock":
		m := rwmutex(o[1])
		return on(func(f *frame) { m(f).Lock() })
	case "rwunlock":
		m := rwmutex(o[1])
		return on(func(f *frame) { m(f).Unlock() })
	case "rlock":
		m := rwmutex(o[1])
		return on(func(f *frame) { m(f).RLock() })
	case "runlock":
		m := rwmutex(o[1])
		return on(func(f *frame) { m(f).RUnlock() })
	case "rwtrylock":
		m := rwmutex(o[1])
		return tried(func(f *frame) bool { return m(f).TryLock() })
	case "tryrlock":
		m := rwmutex(o[1])
		return tried(func(f *frame) bool { return m(f).TryRLock() })
	case "add":
		w, n := waitgroup(o[1]), value(o[2])
		return on(func(f *frame) { w(f).Add(int(n(f))) })
	case "done":
		w := waitgroup(o[1])
		return on(func(f *frame) { w(f).Done() })
	case "wait":
		w := waitgroup(o[1])
		return on(func(f *frame) { w(f).Wait() })
	case "condwait": // locks, waits once, unlocks
		c := cond(o[1])
		return on(func(f *frame) {
			c := c(f)
			c.L.Lock()
			c.Wait()
			c.L.Unlock()
		})
	case "cwait":
		c := cond(o[1])
		return on(func(f *frame) { c(f).Wait() })
	case "signal":
		c := cond(o[1])
		return on(func(f *frame) { c(f).Signal() })
	case "broadcast":
		c := cond(o[1])
		return on(func(f *frame) { c(f).Broadcast() })
	case "once": // the first goroutine runs the list, the others wait for it
		one, body := once(o[1]), list(o[2])
		return on(func(f *frame) { one(f).Do(func() { function(f, body) }) })
	case "new":
		i := slot(o[1].(string))
		return on(func(f *frame) { f.slots[i] = like(f.slots[i]) })
	case "cond":
		i, l := slot(o[1].(string)), locker(o[2].([]any))
		return on(func(f *frame) { f.slots[i] = sync.NewCond(l(f)) })
	}
	return step{}, false
}

// like is a fresh object of the same kind.
func like(v any) any {
	switch v.(type) {
	case *sync.Mutex:
		return zero("mutex")
	case *sync.RWMutex:
		return zero("rwmutex")
	case *sync.WaitGroup:
		return zero("waitgroup")
	case *sync.Cond:
		return zero("cond")
	case *sync.Once:
		return zero("once")
	}
	return zero("var")
}

func locker(l []any) ref[sync.Locker] {
	if l[0] == "mutex" {
		m := mutex(l[1])
		return func(f *frame) sync.Locker { return m(f) }
	}
	m := rwmutex(l[1])
	if l[0] == "rwmutex" {
		return func(f *frame) sync.Locker { return m(f) }
	}
	return func(f *frame) sync.Locker { return m(f).RLocker() }
}
