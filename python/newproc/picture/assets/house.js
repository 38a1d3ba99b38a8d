// house.js: the state of all queues as elements. Text is only ever set as text.
const PALETTE = ["#e69f00", "#56b4e9", "#2bb38a", "#f0e442", "#5b8def", "#e8743b", "#d98cb8", "#b0b7bf"];
const colour = (n) => PALETTE[((n % 8) + 8) % 8];

function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) key.startsWith("on") ? e.addEventListener(key.slice(2), value) : e.setAttribute(key, value);
  e.append(...children.filter((c) => c != null));
  return e;
}

function chip(g, names, changed) {
  const e = el("span", { class: `npv-chip${changed ? " npv-new" : ""}`, title: names[g] ? `goroutine ${g} · ${names[g]}` : `goroutine ${g}` }, `G${g}`);
  e.style.background = colour(g);
  return e;
}

function chips(goids, names, most, changed) {
  const shown = goids.length > most ? goids.slice(0, most - 1) : goids;
  const row = el("span", { class: "npv-chips" }, ...shown.map((g) => chip(g, names, g === changed)));
  if (shown.length < goids.length) row.append(el("span", { class: "np-dim" }, `… ${goids.length - shown.length} more, last G${goids[goids.length - 1]}`));
  if (!goids.length) row.append(el("span", { class: "np-dim" }, "empty"));
  return row;
}

function room(id, s, names, changed) {
  const fill = el("span", { class: "npv-fill" });
  fill.style.width = `${Math.min(100, s.ring.length / 2.56)}%`;
  const row = (name, ...what) => el("div", { class: "npv-row" }, el("span", { class: "np-dim npv-key" }, name), ...what);
  return el("section", { class: "npv-room", "aria-label": `P${id}` },
    el("header", {}, el("b", {}, `P${id}`), el("span", { class: "np-dim" }, s.m >= 0 ? `M${s.m}` : "idle, no M")),
    row("runs", s.running ? chip(s.running, names, s.running === changed) : el("span", { class: "np-dim" }, "nothing"),
      el("span", { class: "npv-name" }, s.running ? names[s.running] || "" : "")),
    row("runnext", s.runnext ? chip(s.runnext, names, s.runnext === changed) : el("span", { class: "npv-hole" }, "–")),
    row(`ring ${s.ring.length}/256`, el("span", { class: "npv-gauge" }, fill)),
    chips(s.ring.list(), names, 14, changed));
}

function drawHouse(house, names, changed) {
  const ps = [...house.ps].sort((x, y) => x[0] - y[0]);
  const idle = [...house.ms].filter(([, p]) => p < 0).map(([m]) => `M${m}`);
  const by = new Map();
  for (const [g, why] of house.waiting) by.set(why, [...(by.get(why) || []), g]);
  const waits = [...by].map(([why, gs]) => el("div", { class: "npv-row" }, el("span", { class: "np-dim npv-key" }, `${WAITS[why] || "?"} (${gs.length})`), chips(gs, names, 24, changed)));
  return el("div", { class: "npv-house" },
    el("div", { class: "npv-roof" }, el("b", {}, "global queue "), el("span", { class: "np-dim" }, house.runq.length ? `${house.runq.length}, front first` : ""), chips(house.runq.list(), names, 26, changed)),
    el("div", { class: "npv-rooms" }, ...ps.slice(0, 64).map(([id, s]) => room(id, s, names, changed))),
    el("div", { class: "npv-cellar" },
      house.hands.length ? el("div", { class: "npv-row" }, el("span", { class: "np-dim npv-key" }, "in hand"), chips(house.hands, names, 24, changed)) : null,
      el("div", { class: "npv-row" }, el("span", { class: "np-dim npv-key" }, "Ms without a P"), el("span", {}, idle.length ? idle.slice(0, 24).join(" ") + (idle.length > 24 ? ` … ${idle.length - 24} more` : "") : "none")),
      ...waits, el("div", { class: "npv-row" }, el("span", { class: "np-dim npv-key" }, "ended"), el("span", {}, String(house.ended)))));
}
