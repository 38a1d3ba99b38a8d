package main

import (
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// A source is what can be received from: a channel of the pattern, of a timer
// or of a context. The time that a timer sends is 0 in the log.
type source struct {
	of   func(f *frame) any // chan int, <-chan time.Time or <-chan struct{}
	text string
}

func from(v any) source {
	s := source{text: text(v)}
	if l, ok := v.([]any); ok && l[0] == "timer" {
		t := timer(l[1])
		s.of = func(f *frame) any { return t(f).channel() }
	} else if ok {
		c := contextOf(l[1])
		s.of = func(f *frame) any { return c(f).Done() }
	} else {
		c := channel(v)
		s.of = func(f *frame) any { return c(f) }
	}
	return s
}

func (c *clock) channel() <-chan time.Time {
	if c.k != nil {
		return c.k.C
	}
	return c.t.C
}

func receive(c any) (int64, bool) {
	switch c := c.(type) {
	case chan int:
		v, ok := <-c
		return int64(v), ok
	case <-chan time.Time:
		_, ok := <-c
		return 0, ok
	}
	_, ok := <-c.(<-chan struct{})
	return 0, ok
}

func number(ok bool) int64 {
	if ok {
		return 1
	}
	return 0
}

// got is a received value as the log has it.
func got(v int64, ok bool) string {
	if !ok {
		return "null"
	}
	return strconv.FormatInt(v, 10)
}

func channels(o op) (step, bool) {
	switch o[0].(string) {
	case "send":
		x, c := value(o[2]), channelOrSource(o[1])
		return plain(func(f *frame) {
			to, v := c(f), x(f)
			to <- int(v)
			f.r.log(fmt.Sprintf("%s,%d", o.said(), v))
		}), true
	case "recv":
		c, to, sent := from(o[1]), into(o.at(2)), into(o.at(3))
		return plain(func(f *frame) {
			v, ok := receive(c.of(f))
			to(f, v)
			sent(f, number(ok))
			f.r.log(o.said() + "," + got(v, ok))
		}), true
	case "range":
		c, body, to := from(o[1]), list(o[len(o)-1]), into(nil)
		if len(o) == 4 {
			to = into(o[2])
		}
		return step{do: func(f *frame) flow {
			return rounds(f, body, func(int) bool {
				v, ok := receive(c.of(f))
				if ok {
					to(f, v)
				}
				f.r.log(`"recv",` + c.text + "," + got(v, ok))
				return ok
			})
		}}, true
	case "close":
		c := channelOrSource(o[1])
		return told(o.said(), func(f *frame) { close(c(f)) }), true
	case "chan":
		set := put(o[1], func(t *tables, i int, c chan int) { t.chans[i] = c })
		if o[2] == nil {
			return told(o.said(), func(f *frame) { set(f, nil) }), true
		}
		n := o.int(2)
		return told(o.said(), func(f *frame) { set(f, make(chan int, n)) }), true
	case "try":
		return try(o), true
	case "select":
		return selects(o), true
	}
	return step{}, false
}

// channelOrSource is a channel that can be sent to and closed.
func channelOrSource(v any) ref[chan int] {
	if _, ok := v.([]any); ok {
		fail("only a channel can be sent to:", text(v))
	}
	return channel(v)
}

func try(o op) step {
	if o[1].(string) == "send" {
		c, x, name := channel(o[2]), value(o[3]), text(o[2])
		return plain(func(f *frame) {
			to, v := c(f), int(x(f))
			select {
			case to <- v:
				f.r.log(`"try",` + name + `,true`)
			default:
				f.r.log(`"try",` + name + `,false`)
			}
		})
	}
	c := from(o[2])
	said := func(f *frame, v int64, ok bool) { f.r.log(fmt.Sprintf(`"try",%s,%d,%v`, c.text, v, ok)) }
	neither := func(f *frame) { f.r.log(`"try",` + c.text + `,false`) }
	return plain(func(f *frame) {
		switch c := c.of(f).(type) {
		case chan int:
			select {
			case v, ok := <-c:
				said(f, int64(v), ok)
			default:
				neither(f)
			}
		case <-chan time.Time:
			select {
			case _, ok := <-c:
				said(f, 0, ok)
			default:
				neither(f)
			}
		case <-chan struct{}:
			select {
			case _, ok := <-c:
				said(f, 0, ok)
			default:
				neither(f)
			}
		}
	})
}

// A branch is a case of a select: ["recv", c, […]], ["recv", c, v, ok, […]] or ["send", c, x, […]].
type branch struct {
	dir      reflect.SelectDir
	from     source
	x        ref[int64]
	to, sent func(f *frame, n int64)
	body     []step
}

func cases(o op) []branch {
	var all []branch
	for _, c := range o[1].([]any) {
		c := op(c.([]any))
		b := branch{dir: reflect.SelectRecv, from: from(c[1]), to: into(nil), sent: into(nil), body: list(c[len(c)-1])}
		if c[0] == "send" {
			b.dir, b.x = reflect.SelectSend, value(c[2])
		} else {
			if len(c) > 3 {
				b.to = into(c[2])
			}
			if len(c) > 4 {
				b.sent = into(c[3])
			}
		}
		all = append(all, b)
	}
	if o[2] != nil {
		all = append(all, branch{dir: reflect.SelectDefault, body: list(o[2])})
	}
	return all
}

func selects(o op) step {
	branches := cases(o)
	return step{do: func(f *frame) flow {
		mine := make([]reflect.SelectCase, len(branches))
		for i, b := range branches {
			mine[i].Dir = b.dir
			if b.dir == reflect.SelectDefault {
				continue
			}
			mine[i].Chan = reflect.ValueOf(b.from.of(f))
			if b.dir == reflect.SelectSend {
				mine[i].Send = reflect.ValueOf(int(b.x(f)))
			}
		}
		i, v, ok := reflect.Select(mine)
		n := int64(0)
		if ok && v.CanInt() {
			n = v.Int()
		}
		if b := branches[i]; b.dir == reflect.SelectRecv {
			b.to(f, n)
			b.sent(f, number(ok))
		}
		f.r.log(fmt.Sprintf(`"select",%d,%s`, i, got(n, ok)))
		return walk(f, branches[i].body)
	}}
}
