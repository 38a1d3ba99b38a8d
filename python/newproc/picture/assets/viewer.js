// viewer.js: timeline, house and words of one run, stepped through with buttons, keys and the pointer.
async function unpack(text, Type) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Type(await new Response(stream).arrayBuffer());
}

async function loadTrace(raw) {
  const t = { n: raw.n, lost: raw.lost, first: raw.first, user: raw.user, things: raw.things };
  const types = { kind: Uint8Array, p: Int16Array, m: Int32Array, g: Uint32Array, a: Uint32Array, b: Uint32Array, time: Float64Array };
  for (const [name, Type] of Object.entries(types)) t[name] = await unpack(raw[name], Type);
  let moves = 0;
  for (let i = 1; i < t.n; i++) if (t.time[i] !== t.time[i - 1]) moves++;
  t.moved = moves * 2 > t.n;
  const ps = new Set();
  for (let i = 0; i < t.n; i++) { if (t.p[i] >= 0) ps.add(t.p[i]); if (t.kind[i] === K.GOMAXPROCS) for (let p = 0; p < t.a[i]; p++) ps.add(p); }
  t.ps = [...ps].sort((a, b) => a - b);
  return t;
}

function summary(t) {
  const n = new Map();
  for (let i = 0; i < t.n; i++) n.set(t.kind[i], (n.get(t.kind[i]) || 0) + 1);
  const of = (kind, one, many) => { const c = n.get(kind) || 0; return [c.toLocaleString("en"), c === 1 ? one : many]; };
  const facts = [[t.n.toLocaleString("en"), "events"], of(K.CREATE, "goroutine", "goroutines"), [String(t.ps.length), t.ps.length === 1 ? "P" : "Ps"], of(K.START, "switch", "switches"),
    of(K.PARK, "park", "parks"), of(K.STEAL, "steal", "steals"), of(K.OVERFLOW, "overflow", "overflows")];
  if (t.lost) facts.push([t.lost.toLocaleString("en"), "older events lost"]);
  return facts;
}

const HELP = [["← →", "one step (with Shift ten)"], ["Home End", "first, last"], ["N P", "next, previous key moment"], ["+ − 0", "closer, farther, all"], ["[ ]", "move the view"],
  ["T", "steps or time"], ["Space", "play, pause"]];

async function mount(root, data) {
  root.classList.add("np", "npv");
  root.replaceChildren(el("p", { class: "np-dim" }, "reading the trace …"));
  const t = await loadTrace(data.trace), names = data.names, replay = new Replay(t), canvas = el("canvas", { class: "npv-canvas" });
  const line = new Timeline(t, names, replay.lengths(4e6), canvas), keys = keyMoments(t);
  let step = data.message ? t.n - 1 : 0, only = Boolean(data.message) || t.n > 400, playing = 0;

  const button = (text, label, act) => el("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
  const slider = el("input", { type: "range", min: 0, max: t.n - 1, value: 0, "aria-label": "step", oninput: () => go(Number(slider.value)) });
  const count = el("output", { class: "npv-count" }), said = el("p", { class: "npv-said", "aria-live": "polite" });
  const play = button("play", "play", () => toggle()), axis = button("", "steps or time", () => { line.setAxis(line.axis === "step" ? "time" : "step"); line.show(step); draw(); });
  const filter = button("", "key moments or every step", () => { only = !only; draw(); });
  const list = el("ol", { class: "npv-list", role: "listbox", "aria-label": "what happened" }), house = el("div"), tip = el("div", { class: "npv-tip", role: "tooltip", hidden: "" });
  const help = el("details", { class: "npv-help" }, el("summary", {}, "keys"), el("dl", {}, ...HELP.flatMap(([k, what]) => [el("dt", {}, k), el("dd", {}, what)])));

  const go = (to) => { step = Math.max(0, Math.min(t.n - 1, to)); line.show(step); draw(); };
  const key = (d) => { const i = d > 0 ? keys.find((k) => k > step) : keys.findLast((k) => k < step); if (i !== undefined) go(i); };
  const zoom = (f) => { line.zoom(f, line.x(step)); draw(); };
  const toggle = () => {
    if (playing) { clearInterval(playing); playing = 0; } else { if (step === t.n - 1) step = 0; playing = setInterval(() => { if (step >= t.n - 1 || !root.isConnected) toggle(); else go(step + 1); }, 350); }
    play.textContent = playing ? "pause" : "play"; play.setAttribute("aria-label", playing ? "pause" : "play");
  };

  function rows() {
    const of = only ? keys : null, total = of ? of.length : t.n;
    let here = of ? Math.max(0, of.findLastIndex((k) => k <= step)) : step;
    const first = Math.max(0, Math.min(here - 6, total - 14));
    return Array.from({ length: Math.min(14, total) }, (_, i) => (of ? of[first + i] : first + i));
  }
  function draw() {
    line.draw();
    slider.value = step;
    count.textContent = `step ${step.toLocaleString("en")} of ${(t.n - 1).toLocaleString("en")}`;
    axis.textContent = line.axis === "step" ? "axis: steps" : "axis: time";
    filter.textContent = only ? "key moments" : "every step"; filter.setAttribute("aria-pressed", String(only));
    said.textContent = sentence(t, step, names);
    list.replaceChildren(...rows().map((i) => el("li", { role: "option", "aria-selected": String(i === step), class: i === step ? "npv-here" : i > step ? "npv-later" : "", onclick: () => go(i) },
      el("span", { class: "npv-at" }, i.toLocaleString("en")), el("span", {}, sentence(t, i, names)))));
    house.replaceChildren(drawHouse(replay.at(step), names, t.g[step]));
    canvas.setAttribute("aria-label", `Timeline at step ${step}: ${said.textContent}`);
    root.dataset.step = step;
  }

  root.replaceChildren(
    el("header", { class: "npv-head" }, el("h2", {}, data.title), el("div", { class: "npv-facts" }, ...summary(t).map(([n, what]) => el("span", {}, el("b", {}, n), ` ${what}`)))),
    ...(data.message ? [el("p", { class: "npv-message", role: "alert" }, data.message)] : []),
    el("div", { class: "npv-bar", role: "toolbar", "aria-label": "steps and view" },
      button("|◀", "first step", () => go(0)), button("◀", "one step back", () => go(step - 1)), button("▶", "one step on", () => go(step + 1)), button("▶|", "last step", () => go(t.n - 1)), play,
      button("◀ key", "previous key moment", () => key(-1)), button("key ▶", "next key moment", () => key(1)), slider, count,
      button("−", "farther", () => zoom(2)), button("+", "closer", () => zoom(0.5)), button("all", "the whole run", () => { line.view = [...line.whole]; draw(); }), axis),
    el("div", { class: "npv-stage" }, canvas, tip),
    el("p", { class: "npv-legend np-dim" }, "▲ steal   ◆ ring overflows   ▼ batch from the global queue   ‖ parks   ○ ● free Gs spill, refill   ★ mark   — starts   - - wakes"),
    said,
    el("div", { class: "npv-cols" }, house, el("div", { class: "npv-words" }, el("div", { class: "npv-wordhead" }, el("h3", {}, "What happened"), filter), list, help)));
  root.tabIndex = 0;
  canvas.setAttribute("role", "img");

  const acts = { ArrowRight: (e) => go(step + (e.shiftKey ? 10 : 1)), ArrowLeft: (e) => go(step - (e.shiftKey ? 10 : 1)), Home: () => go(0), End: () => go(t.n - 1), n: () => key(1), p: () => key(-1),
    "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => { line.view = [...line.whole]; draw(); }, "[": () => { line.pan(-(line.view[1] - line.view[0]) / 4); draw(); },
    "]": () => { line.pan((line.view[1] - line.view[0]) / 4); draw(); }, t: () => axis.click(), " ": () => toggle() };
  root.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || (e.key === " " && e.target instanceof HTMLButtonElement)) return;
    if (e.target === slider && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(e.key) && !e.shiftKey) return;
    const act = acts[e.key.length === 1 ? e.key.toLowerCase() : e.key];
    if (act) { act(e); e.preventDefault(); e.stopPropagation(); }
  });
  let drag = null;
  canvas.addEventListener("pointerdown", (e) => { drag = { x: e.offsetX, moved: false }; canvas.setPointerCapture(e.pointerId); });
  canvas.addEventListener("pointermove", (e) => {
    if (drag && Math.abs(e.offsetX - drag.x) > 3) { drag.moved = true; line.pan(line.at(drag.x) - line.at(e.offsetX)); drag.x = e.offsetX; line.draw(); }
    tip.textContent = drag ? "" : line.under(e.offsetX, e.offsetY);
    tip.hidden = !tip.textContent;
    tip.style.left = `${Math.min(e.offsetX + 12, canvas.clientWidth - 240)}px`; tip.style.top = `${e.offsetY + 14}px`;
  });
  canvas.addEventListener("pointerup", (e) => { if (drag && !drag.moved) go(line.stepAt(e.offsetX)); drag = null; root.focus({ preventScroll: true }); });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("wheel", (e) => { if (!e.ctrlKey) return; e.preventDefault(); line.zoom(e.deltaY > 0 ? 1.25 : 0.8, line.at(e.offsetX)); draw(); }, { passive: false });
  new ResizeObserver(() => line.draw()).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => line.draw());
  line.show(step); draw();
  root.dataset.ready = "1";
  root.newproc = { state: (i) => { const h = replay.at(i); return { runq: h.runq.list(), waiting: [...h.waiting], hands: h.hands, ended: h.ended,
    ps: [...h.ps].map(([id, s]) => [id, s.running, s.runnext, s.ring.list(), s.m]) }; }, words: (i) => sentence(t, i, names) };
}
