package main

import (
	"context"
	"fmt"
	"time"
)

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func timers(o op) (step, bool) {
	set := func(make func(f *frame) *clock) (step, bool) {
		put := put(o[1], func(t *tables, i int, c *clock) { t.timers[i] = c })
		return told(o.said(), func(f *frame) { put(f, make(f)) }), true
	}
	// asked logs and stores whether the timer was active; a ticker does not say.
	asked := func(to any, timer func(t *time.Timer) bool, ticker func(k *time.Ticker)) (step, bool) {
		c, to1 := find(o[1], func(t *tables, i int) *clock { return t.timers[i] }), into(to)
		return plain(func(f *frame) {
			c := c(f)
			if c.k != nil {
				ticker(c.k)
				f.r.log(o.said() + ",null")
				return
			}
			active := timer(c.t)
			to1(f, number(active))
			f.r.log(fmt.Sprintf("%s,%v", o.said(), active))
		}), true
	}
	switch o[0].(string) {
	case "sleep": // milliseconds
		n := o.int(1)
		return told(o.said(), func(*frame) { time.Sleep(ms(n)) }), true
	case "after": // sends the time's passing on channel c, as time.AfterFunc would
		c, n := channel(o[1]), o.int(2)
		return told(o.said(), func(f *frame) {
			c := c(f)
			time.AfterFunc(ms(n), func() {
				select {
				case c <- n:
				default:
				}
			})
		}), true
	case "timer":
		n := o.int(2)
		return set(func(*frame) *clock { return &clock{t: time.NewTimer(ms(n))} })
	case "ticker":
		n := o.int(2)
		return set(func(*frame) *clock { return &clock{k: time.NewTicker(ms(n))} })
	case "afterfunc":
		n, b, args := o.int(2), o.int(3), o[4:]
		return set(func(f *frame) *clock {
			all := given(f, b, args)
			return &clock{t: time.AfterFunc(ms(n), func() { f.r.begin(b, all, true) })}
		})
	case "stop":
		return asked(o.at(2), (*time.Timer).Stop, (*time.Ticker).Stop)
	case "reset":
		n := o.int(2)
		return asked(o.at(3), func(t *time.Timer) bool { return t.Reset(ms(n)) }, func(k *time.Ticker) { k.Reset(ms(n)) })
	}
	return step{}, false
}

func contexts(o op) (step, bool) {
	set := func(parent any, make func(of context.Context) (context.Context, context.CancelFunc)) (step, bool) {
		put := put(o[1], func(t *tables, i int, c *ctx) { t.ctxs[i] = c })
		of := func(*frame) *ctx { return background() }
		if parent != nil {
			of = contextOf(parent)
		}
		return told(o.said(), func(f *frame) {
			c, cancel := make(of(f).Context)
			put(f, &ctx{c, cancel})
		}), true
	}
	switch o[0].(string) {
	case "withcancel":
		return set(o[2], context.WithCancel)
	case "withtimeout":
		n := o.int(3)
		return set(o[2], func(of context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(of, ms(n)) })
	case "cancel":
		c := contextOf(o[1])
		return told(o.said(), func(f *frame) { c(f).cancel() }), true
	case "err": // 0 none, 1 canceled, 2 deadline exceeded
		c, to := contextOf(o[1]), into(o.at(2))
		return plain(func(f *frame) {
			n, said := int64(0), "null"
			if err := c(f).Err(); err == context.Canceled {
				n, said = 1, `"canceled"`
			} else if err != nil {
				n, said = 2, `"deadline"`
			}
			to(f, n)
			f.r.log(o.said() + "," + said)
		}), true
	}
	return step{}, false
}
