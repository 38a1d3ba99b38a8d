// replay.js: every queue at every step from the events alone; picture/replay.py in JavaScript.
const K = { GOMAXPROCS: 4, PROC_START: 5, PROC_STOP: 6, STW_START: 9, STW_DONE: 10, CREATE: 13, START: 14, END: 15, SCHED: 17, PREEMPT: 18,
  PARK: 20, UNPARK: 21, SYSCALL: 28, SYSEXIT: 29, SYSBLOCK: 30, OVERFLOW: 64, GLOBRUNQ_GET: 65, STEAL: 66, SPILL: 67, REFILL: 68, M_START: 69,
  M_STOP: 70, USER: 71 };

class Line {  // a queue: cheap at both ends
  constructor(items = []) { this.items = items; this.head = 0; }
  get length() { return this.items.length - this.head; }
  at(i) { return this.items[this.head + i]; }
  push(g) { this.items.push(g); }
  take(n) {
    const out = this.items.slice(this.head, this.head + n);
    this.head += out.length;
    if (this.head > 4096 && this.head * 2 > this.items.length) { this.items = this.items.slice(this.head); this.head = 0; }
    return out;
  }
  indexOf(g) { const i = this.items.indexOf(g, this.head); return i < 0 ? -1 : i - this.head; }
  remove(i, n = 1) { return this.items.splice(this.head + i, n); }
  list() { return this.items.slice(this.head); }
  copy() { return new Line(this.list()); }
}

class House {
  constructor() { this.ps = new Map(); this.ms = new Map(); this.runq = new Line(); this.waiting = new Map(); this.hands = []; this.ended = 0; }
  copy() {
    const h = new House();
    for (const [p, s] of this.ps) h.ps.set(p, { running: s.running, runnext: s.runnext, ring: s.ring.copy(), m: s.m, free: s.free });
    h.ms = new Map(this.ms); h.runq = this.runq.copy(); h.waiting = new Map(this.waiting); h.hands = [...this.hands]; h.ended = this.ended;
    return h;
  }
  p(id) { let s = this.ps.get(id); if (!s) this.ps.set(id, s = { running: 0, runnext: 0, ring: new Line(), m: -1 }); return s; }
  apply(kind, g, p, m, a, b) {
    if (kind === K.CREATE || kind === K.UNPARK) {
      this.waiting.delete(g);
      const to = kind === K.UNPARK ? b : 0;
      if (p < 0 || to === 1) return this.runq.push(g);
      const at = this.p(p);
      if (to === 2) return at.ring.push(g);
      if (to === 3) return this.hands.push(g);
      if (at.runnext) at.ring.push(at.runnext);
      at.runnext = g;
    } else if (kind === K.START) { this.take(g, p); this.p(p).running = g; }
    else if (kind === K.END || kind === K.SCHED || kind === K.PREEMPT || kind === K.PARK) this.leave(kind, g, p, a);
    else if (kind === K.OVERFLOW) { const ring = this.p(p).ring; for (const x of ring.take(a - 1)) this.runq.push(x); if (ring.length) this.runq.push(ring.remove(ring.length - 1)[0]); }
    else if (kind === K.GLOBRUNQ_GET) { this.take(g, p); this.hands.push(g); for (const x of this.runq.take(a)) this.p(p).ring.push(x); }
    else if (kind === K.STEAL) this.steal(g, p, a, b);
    else this.ofMs(kind, g, p, m, a);
  }
  leave(kind, g, p, a) {
    if (p >= 0 && this.p(p).running === g) this.p(p).running = 0;
    if (kind === K.END) this.ended++;
    else if (kind === K.PARK) this.waiting.set(g, a);
    else if (kind === K.PREEMPT && a === 1) this.p(p).ring.push(g);
    else this.runq.push(g);
  }
  steal(g, p, n, victim) {
    const of = this.p(victim), at = this.p(p);
    if (of.runnext === g) of.runnext = 0;
    else {
      const i = of.ring.indexOf(g);
      if (i >= n) { for (const x of of.ring.remove(i - n, n + 1).slice(0, n)) at.ring.push(x); } else this.take(g, victim);
    }
    this.hands.push(g);
  }
  take(g, p) {
    this.waiting.delete(g);
    const hand = this.hands.indexOf(g);
    if (hand >= 0) return this.hands.splice(hand, 1);
    const at = this.p(p);
    if (at.runnext === g) at.runnext = 0;
    else if (at.ring.length && at.ring.at(0) === g) at.ring.take(1);
    else if (this.runq.length && this.runq.at(0) === g) this.runq.take(1);
    else this.search(g);
  }
  search(g) {
    for (const s of this.ps.values()) {
      if (s.runnext === g) { s.runnext = 0; return; }
      const i = s.ring.indexOf(g);
      if (i >= 0) { s.ring.remove(i); return; }
    }
    const i = this.runq.indexOf(g);
    if (i >= 0) this.runq.remove(i);
  }
  ofMs(kind, g, p, m, a) {
    if (kind === K.PROC_START) { this.p(p).m = m; this.ms.set(m, p); }
    else if (kind === K.PROC_STOP) { const s = this.p(p); s.m = -1; s.running = 0; this.ms.set(m, -1); }
    else if (kind === K.M_START) { if (!this.ms.has(a)) this.ms.set(a, -1); }
    else if (kind === K.M_STOP) this.ms.set(m, -1);
    else if (kind === K.SYSBLOCK) this.p(p).running = 0;
    else if (kind === K.SYSEXIT) { if (a === 0) this.runq.push(g); else this.p(p).running = g; }
    else if (kind === K.GOMAXPROCS) {
      for (let i = 0; i < a; i++) this.p(i);
      for (const [id, s] of [...this.ps].sort((x, y) => y[0] - x[0])) if (id >= a) {
        this.ps.delete(id);
        this.runq = new Line([...s.ring.list(), ...(s.runnext ? [s.runnext] : []), ...this.runq.list()]);
      }
    }
  }
}

class Replay {  // to any step, forward and back, over a few kept states
  constructor(t) { this.t = t; this.gap = Math.max(1024, Math.ceil(t.n / 48)); this.kept = [new House()]; }
  /** After events 0 to step. */
  at(step) {
    let i = Math.min(Math.floor((step + 1) / this.gap), this.kept.length - 1);
    const house = this.kept[i].copy(), t = this.t;
    for (let e = i * this.gap; e <= step; e++) {
      if (e % this.gap === 0 && e / this.gap === this.kept.length) this.kept.push(house.copy());
      house.apply(t.kind[e], t.g[e], t.p[e], t.m[e], t.a[e], t.b[e]);
    }
    return house;
  }
  /** Lengths after every event: the global queue, and each P's where that is no more than `most` numbers. */
  lengths(most) {
    const t = this.t, house = new House(), runq = new Int32Array(t.n), rings = new Map();
    const each = t.n * (t.ps.length + 1) <= most;
    if (each) for (const p of t.ps) rings.set(p, new Int32Array(t.n));
    for (let e = 0; e < t.n; e++) {
      if (e % this.gap === 0 && e / this.gap === this.kept.length) this.kept.push(house.copy());
      house.apply(t.kind[e], t.g[e], t.p[e], t.m[e], t.a[e], t.b[e]);
      runq[e] = house.runq.length;
      if (each) for (const [p, line] of rings) { const s = house.ps.get(p); line[e] = s ? s.ring.length + (s.runnext ? 1 : 0) : 0; }
    }
    return { runq, rings };
  }
}
