// timeline.js: lanes on a canvas. What is drawn is bounded by pixels, not by events: stretches are found by bisection, and lanes with more of them
// than pixels are drawn by column, as dark as the column is busy.
const LEFT = 92, LEAVES = new Set([K.END, K.SCHED, K.PREEMPT, K.PARK, K.SYSBLOCK, K.PROC_STOP]);

function stretchesOf(t) {
  const lanes = { p: new Map(), m: new Map() }, open = { p: new Map(), m: new Map() };
  const begin = (of, lane, i, what, source) => { end(of, lane, i); open[of].set(lane, { i, what, source }); };
  const end = (of, lane, i) => {
    const o = open[of].get(lane);
    if (!o) return;
    open[of].delete(lane);
    let list = lanes[of].get(lane);
    if (!list) lanes[of].set(lane, list = { i0: [], i1: [], what: [], source: [] });
    list.i0.push(o.i); list.i1.push(i); list.what.push(o.what); list.source.push(o.source);
  };
  for (let i = 0; i < t.n; i++) {
    const kind = t.kind[i], p = t.p[i], m = t.m[i];
    if (kind === K.START) begin("p", p, i, t.g[i], t.a[i]);
    else if (kind === K.SYSEXIT && t.a[i] === 1) { const o = open.p.get(p); if (!o || o.what !== t.g[i]) begin("p", p, i, t.g[i], 7); }
    else if (LEAVES.has(kind)) end("p", p, i);
    if (kind === K.PROC_START) begin("m", m, i, p, 0);
    else if (kind === K.PROC_STOP) end("m", m, i);
  }
  for (const of of ["p", "m"]) for (const lane of [...open[of].keys()]) end(of, lane, t.n);
  return lanes;
}

class Timeline {
  constructor(t, names, lengths, canvas) {
    Object.assign(this, { t, names, lengths, canvas, axis: t.moved ? "time" : "step", step: 0 });
    this.lanes = stretchesOf(t);
    this.layout();
    this.setAxis(this.axis);
  }
  layout() {
    let y = 6;
    this.rows = [];
    const add = (row) => { this.rows.push({ ...row, y }); y += row.h + row.after; };
    add({ kind: "chart", name: "global queue", values: this.lengths.runq, h: 30, after: 10 });
    const ps = this.t.ps, h = ps.length <= 8 ? 26 : ps.length <= 24 ? 16 : 9;
    for (const p of ps) {
      const ring = this.lengths.rings.get(p);
      const chart = ps.length <= 8 && ring;
      add({ kind: "p", id: p, name: `P${p}`, list: this.lanes.p.get(p), h, after: chart ? 1 : 4 });
      if (chart) add({ kind: "chart", name: "", of: p, values: ring, h: 16, after: 10 });
    }
    for (const [m, list] of [...this.lanes.m].sort((a, b) => a[0] - b[0]).slice(0, 32)) add({ kind: "m", id: m, name: `M${m}`, list, h: 13, after: 3 });
    this.height = y + 20;
  }
  setAxis(axis) {
    this.axis = axis;
    const t = this.t;
    this.x = axis === "time" ? (i) => (i < t.n ? t.time[i] : t.time[t.n - 1]) : (i) => i;
    this.whole = axis === "time" ? [0, Math.max(t.time[t.n - 1], 1)] : [0, t.n];
    this.view = [...this.whole];
    for (const row of this.rows) if (row.list) {
      row.sum = new Float64Array(row.list.i0.length + 1);
      for (let i = 0; i < row.list.i0.length; i++) row.sum[i + 1] = row.sum[i] + this.x(row.list.i1[i]) - this.x(row.list.i0[i]);
    }
  }
  /** First index in [0, n) for which x is at least value; n where none is. */
  bisect(n, x, value) { let lo = 0, hi = n; while (lo < hi) { const mid = (lo + hi) >> 1; if (x(mid) < value) lo = mid + 1; else hi = mid; } return lo; }
  zoom(factor, around) {
    const [a, b] = this.view, least = this.axis === "step" ? 8 : 10;
    const w = Math.min(this.whole[1] - this.whole[0], Math.max(least, (b - a) * factor)), share = (around - a) / (b - a || 1);
    this.pan(around - share * w - a, w);
  }
  pan(by, width = this.view[1] - this.view[0]) {
    const a = Math.max(this.whole[0], Math.min(this.view[0] + by, this.whole[1] - width));
    this.view = [a, a + width];
  }
  show(step) {  // brings a step into view
    this.step = step;
    const x = this.x(step), [a, b] = this.view;
    if (x < a || x >= b) this.pan(x - (a + b) / 2);
  }
  px(x) { return LEFT + (x - this.view[0]) / (this.view[1] - this.view[0]) * this.width; }
  at(px) { return this.view[0] + (px - LEFT) / this.width * (this.view[1] - this.view[0]); }
  stepAt(px) { const i = this.bisect(this.t.n, this.x, this.at(px)); return Math.max(0, Math.min(this.t.n - 1, this.axis === "step" ? Math.floor(this.at(px)) : i)); }
  draw() {
    const ratio = window.devicePixelRatio || 1, full = this.canvas.clientWidth;
    this.width = Math.max(50, full - LEFT - 12);
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(full * ratio); this.canvas.height = Math.round(this.height * ratio);
    const c = this.c = this.canvas.getContext("2d"), css = getComputedStyle(this.canvas);
    this.ink = Object.fromEntries(["bg", "fg", "dim", "line", "soft", "bar", "accent"].map((n) => [n, css.getPropertyValue(`--${n}`).trim()]));
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.fillStyle = this.ink.bg; c.fillRect(0, 0, full, this.height);
    c.font = '11px system-ui, "DejaVu Sans", sans-serif';
    for (const row of this.rows) {
      c.fillStyle = row.kind === "m" ? this.ink.dim : this.ink.fg; c.textAlign = "right"; c.textBaseline = "middle";
      c.fillText(row.name, LEFT - 8, row.y + row.h / 2);
      row.kind === "chart" ? this.chart(row) : this.lane(row);
    }
    this.arrows(); this.marks(); this.scale(); this.cursor();
  }
  lane(row) {
    const c = this.c, list = row.list;
    c.fillStyle = this.ink.soft; c.fillRect(LEFT, row.y, this.width, row.h);
    if (!list) return;
    const n = list.i0.length, from = Math.max(0, this.bisect(n, (i) => this.x(list.i0[i]), this.view[0]) - 1), to = this.bisect(n, (i) => this.x(list.i0[i]), this.view[1]);
    if (to - from > this.width / 1.5) return this.columns(row, n);
    c.textAlign = "center";
    for (let i = from; i < to; i++) {
      const a = Math.max(LEFT, this.px(this.x(list.i0[i]))), b = Math.min(LEFT + this.width, this.px(this.x(list.i1[i])));
      if (b <= LEFT || a >= LEFT + this.width) continue;
      const w = Math.max(b - a - 1, 0.75), what = list.what[i], text = `${row.kind === "p" ? "G" : "P"}${what}`;
      c.fillStyle = colour(what); c.beginPath(); c.roundRect(a, row.y + 1, w, row.h - 2, Math.min(3, w / 2)); c.fill();
      if (row.h >= 12 && w > text.length * 7 + 4) {
        c.fillStyle = "#111417"; const name = row.kind === "p" ? this.names[what] : "", long = name ? `${text} ${name}` : text;
        c.fillText(w > long.length * 6.6 + 6 ? long : text, a + w / 2, row.y + row.h / 2 + 0.5);
      }
    }
  }
  columns(row, n) {
    const { c } = this, { list, sum } = row, x0 = (i) => this.x(list.i0[i]);
    const before = (x) => { const i = this.bisect(n, x0, x); return i === 0 ? 0 : sum[i] - Math.max(0, this.x(list.i1[i - 1]) - x); };
    c.fillStyle = this.ink.bar;
    const step = (this.view[1] - this.view[0]) / this.width;
    let was = before(this.view[0]);
    for (let px = 0; px < this.width; px++) {
      const now = before(this.view[0] + (px + 1) * step);
      c.globalAlpha = Math.max(0, Math.min(1, (now - was) / step)); was = now;
      if (c.globalAlpha > 0.02) c.fillRect(LEFT + px, row.y + 1, 1, row.h - 2);
    }
    c.globalAlpha = 1;
  }
  chart(row) {
    const { c, t } = this, values = row.values;
    row.most ??= values.reduce((a, b) => Math.max(a, b), 0);
    const first = Math.max(0, this.bisect(t.n, this.x, this.view[0]) - 1), top = Math.max(1, row.most), y = (v) => row.y + row.h - row.h * v / top;
    c.strokeStyle = this.ink.line; c.beginPath(); c.moveTo(LEFT, row.y + row.h + 0.5); c.lineTo(LEFT + this.width, row.y + row.h + 0.5); c.stroke();
    c.fillStyle = this.ink.bar; c.beginPath(); c.moveTo(LEFT, row.y + row.h);
    let i = first, level = first < t.n ? values[first] : 0;
    for (let px = 0; px <= this.width; px++) {  // a column shows its highest, and goes on from its last
      const until = this.at(LEFT + px + 1);
      const stop = i + Math.max(0, this.bisect(t.n - i, (j) => this.x(i + j), until));
      let high = level;
      const stride = Math.max(1, Math.floor((stop - i) / 256));
      for (let j = i; j < stop; j += stride) high = Math.max(high, values[j]);
      if (stop > i) level = values[stop - 1];
      i = stop;
      c.lineTo(LEFT + px, y(high)); if (level !== high) c.lineTo(LEFT + px, y(level));
    }
    c.lineTo(LEFT + this.width, row.y + row.h); c.fill();
    c.fillStyle = this.ink.dim; c.textAlign = "right"; c.textBaseline = "middle";
    c.fillText(`${row.of === undefined ? "" : "ring "}≤ ${row.most}`, LEFT + this.width - 3, row.y + 6);
  }
  arrows() {
    const { t, c } = this, from = this.bisect(t.n, this.x, this.view[0]), to = this.bisect(t.n, this.x, this.view[1]);
    if (to - from > this.width / 2) return;  // more than one can follow
    const y = new Map(this.rows.filter((r) => r.kind === "p").map((r) => [r.id, r])), begun = new Map();
    c.lineWidth = 1; c.strokeStyle = this.ink.dim; c.fillStyle = this.ink.dim;
    for (let i = from; i < to; i++) {
      if (t.kind[i] === K.CREATE || t.kind[i] === K.UNPARK) begun.set(t.g[i], i);
      if (t.kind[i] !== K.START || !begun.has(t.g[i])) continue;
      const j = begun.get(t.g[i]), r0 = y.get(t.p[j]), r1 = y.get(t.p[i]);
      begun.delete(t.g[i]);
      if (!r0 || !r1) continue;
      const a = this.px(this.x(j)), b = this.px(this.x(i)), same = r0 === r1, down = r1.y > r0.y;
      const y0 = same || down ? r0.y + r0.h : r0.y, y1 = same ? r1.y + r1.h : down ? r1.y : r1.y + r1.h, bend = same ? y0 + 12 : (y0 + y1) / 2;
      c.setLineDash(t.kind[j] === K.UNPARK ? [3, 2] : []);
      c.beginPath(); c.moveTo(a, y0); c.bezierCurveTo(a, bend, b, bend, b, y1); c.stroke();
      c.setLineDash([]);
      const tip = y1 < bend ? 4 : -4;
      c.beginPath(); c.moveTo(b, y1); c.lineTo(b - 3, y1 + tip); c.lineTo(b + 3, y1 + tip); c.fill();
    }
  }
  marks() {
    const glyph = { [K.STEAL]: "▲", [K.OVERFLOW]: "◆", [K.GLOBRUNQ_GET]: "▼", [K.SPILL]: "○", [K.REFILL]: "●", [K.USER]: "★", [K.PARK]: "‖" };
    const { t, c } = this, from = this.bisect(t.n, this.x, this.view[0]), to = this.bisect(t.n, this.x, this.view[1]), y = new Map(this.rows.filter((r) => r.kind === "p").map((r) => [r.id, r.y]));
    // A kind of mark that would stand at every pixel says nothing: it shows once the view is close enough.
    const count = new Map(), stride = Math.max(1, Math.floor((to - from) / 200000));
    for (let i = from; i < to; i += stride) if (glyph[t.kind[i]]) count.set(t.kind[i], (count.get(t.kind[i]) || 0) + stride);
    const most = this.width / 9;
    c.fillStyle = this.ink.fg; c.textAlign = "center"; c.textBaseline = "bottom"; c.font = '9px system-ui, "DejaVu Sans", sans-serif';
    const taken = new Map();
    for (let i = from; i < to; i += stride) {
      const kind = t.kind[i];
      if (!glyph[kind] || !y.has(t.p[i]) || count.get(kind) > most) continue;
      const px = this.px(this.x(i));
      if (px - (taken.get(t.p[i]) ?? -99) < 7) continue;
      taken.set(t.p[i], px); c.fillText(glyph[kind], px, y.get(t.p[i]) + 2);
    }
    c.font = '11px system-ui, "DejaVu Sans", sans-serif';
  }
  scale() {
    const { c } = this, y = this.height - 10;
    c.fillStyle = this.ink.dim; c.textBaseline = "middle";
    for (let i = 0; i <= 5; i++) {
      const x = this.view[0] + (this.view[1] - this.view[0]) * i / 5;
      c.textAlign = i === 0 ? "left" : i === 5 ? "right" : "center";
      const shown = this.axis === "step" ? Math.round(x).toLocaleString("en") : (x / 1000).toLocaleString("en", { maximumFractionDigits: 1 });
      c.fillText(i === 5 ? `${shown} ${this.axis === "step" ? "steps" : "µs"}` : shown, this.px(x), y);
    }
  }
  cursor() {
    const { c } = this, x = this.px(this.x(this.step)), w = this.axis === "step" ? Math.max(2, this.width / (this.view[1] - this.view[0])) : 2;
    if (x + w < LEFT || x > LEFT + this.width) return;
    c.fillStyle = this.ink.accent; c.globalAlpha = 0.22; c.fillRect(x, 0, w, this.height - 18); c.globalAlpha = 1; c.fillRect(x, 0, 2, this.height - 18);
  }
  /** What is under the pointer, in words. */
  under(px, py) {
    const row = this.rows.find((r) => py >= r.y && py <= r.y + r.h);
    if (!row || px < LEFT || px > LEFT + this.width) return "";
    const x = this.at(px);
    if (row.kind === "chart") { const i = Math.max(0, this.bisect(this.t.n, this.x, x) - 1); return `${row.of === undefined ? "global queue" : `P${row.of}: runnext and ring`}: ${row.values[i]}`; }
    const list = row.list, i = list ? this.bisect(list.i0.length, (j) => this.x(list.i0[j]), x) - 1 : -1;
    if (i < 0 || this.x(list.i1[i]) < x) return `${row.name}: nothing`;
    const what = list.what[i];
    return row.kind === "m" ? `M${row.id} has P${what}` : `${row.name} runs G${what}${this.names[what] ? ` (${this.names[what]})` : ""}, from ${SOURCES[list.source[i]]}; steps ${list.i0[i]} to ${list.i1[i]}`;
  }
}
