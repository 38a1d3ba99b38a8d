// words.js: events as sentences; picture/words.py in JavaScript.
const SOURCES = ["runnext", "its ring", "the global queue", "the global queue (61st tick)", "a theft", "its locked M", "a park taken back", "a system call", "the poller"];
const WAITS = { 0: "nothing", 2: "IO wait", 3: "chan receive (nil chan)", 4: "chan send (nil chan)", 9: "select", 10: "select (no cases)", 12: "GC sweep wait",
  13: "GC scavenge wait", 14: "chan receive", 15: "chan send", 16: "finalizer wait", 17: "force gc (idle)", 18: "semacquire", 19: "sleep", 20: "sync.Cond.Wait",
  21: "sync.Mutex.Lock", 22: "sync.RWMutex.RLock", 23: "sync.RWMutex.Lock", 28: "preempted", 31: "stopping the world" };
const NOTABLE = new Set([K.OVERFLOW, K.STEAL, K.SPILL, K.REFILL, K.GLOBRUNQ_GET, K.M_START, K.STW_START, K.USER, K.SYSBLOCK]);

const went = (p, b) => p < 0 || b === 1 ? "goes to the global queue" : b === 2 ? `goes to the tail of P${p}'s ring` : b === 3 ? `is run next by P${p}` : `is next on P${p}`;

/** What was waited for, if it has a name: the goroutine's last park tells. */
function waited(t, i) {
  if (!Object.keys(t.things).length) return "";
  for (let e = i - 1; e >= 0; e--) if (t.kind[e] === K.PARK && t.g[e] === t.g[i]) return t.things[t.b[e]] ? `; it waited for ${t.things[t.b[e]]}` : "";
  return "";
}

function sentence(t, i, names) {
  const kind = t.kind[i], g = t.g[i], p = t.p[i], m = t.m[i], a = t.a[i], b = t.b[i];
  const who = (goid) => names[goid] ? `G${goid} (${names[goid]})` : `G${goid}`;
  switch (kind) {
    case K.GOMAXPROCS: return a === 1 ? "There is 1 P." : `There are ${a} Ps.`;
    case K.PROC_START: return `M${m} takes P${p}.`;
    case K.PROC_STOP: return `M${m} gives P${p} up.`;
    case K.STW_START: return `${who(g)} stops the world.`;
    case K.STW_DONE: return `${who(g)} starts the world again.`;
    case K.CREATE: return a ? `${who(a)} starts ${who(g)}, which is next on P${p}.` : `${who(g)} is made.`;
    case K.START: return `P${p} runs ${who(g)}, from ${SOURCES[a] || "?"}${a === 4 ? ` of P${b}` : ""}.`;
    case K.END: return `${who(g)} ends.`;
    case K.SCHED: return `${who(g)} yields, to the back of the global queue.`;
    case K.PREEMPT: return a === 1 ? `${who(g)} yields, to the tail of P${p}'s ring.` : `${who(g)} is preempted, to the global queue.`;
    case K.PARK: return `${who(g)} waits: ${WAITS[a] || "unknown"}${t.things[b] ? ` of ${t.things[b]}` : b ? ` (object ${b})` : ""}.`;
    case K.UNPARK: return (a && p >= 0 ? `${who(g)} is woken by ${who(a)} and is next on P${p}` : `${who(g)} is woken; it ${went(p, b)}`) + `${waited(t, i)}.`;
    case K.SYSCALL: return `${who(g)} enters a system call.`;
    case K.SYSEXIT: return `${who(g)} is back from its system call${a === 1 ? " and keeps running" : "; it goes to the global queue"}.`;
    case K.SYSBLOCK: return `P${p} is taken from ${who(g)}, which is in a system call.`;
    case K.OVERFLOW: return `P${p}'s ring is full: ${a} goroutines, ${who(b)} first, move to the global queue.`;
    case K.GLOBRUNQ_GET: return `P${p} takes ${who(g)} and ${a} more from the global queue.`;
    case K.STEAL: return `P${p} steals ${who(g)}${a ? ` and ${a} more` : ""} from P${b}.`;
    case K.SPILL: return `P${p} has 64 free Gs: ${a} move to the global list.`;
    case K.REFILL: return `P${p} has no free G: it takes ${a} from the global list.`;
    case K.M_START: return `M${a} is started.`;
    case K.M_STOP: return `M${m} goes to sleep.`;
    case K.USER: { const u = t.user[i] || ["?", "?"]; return `${who(g)} marks ${u[0]}, ${u[1]}.`; }
    default: return `Event ${kind} of ${who(g)}.`;
  }
}

/** Steps that matter: what is rare, where a goroutine stops for good, and the end. */
function keyMoments(t) {
  const out = [], last = new Map();
  for (let i = 0; i < t.n; i++) {
    if (NOTABLE.has(t.kind[i]) || (t.kind[i] === K.START && t.a[i] === 3)) out.push(i);
    if (t.g[i]) last.set(t.g[i], i);
  }
  for (const i of last.values()) if (t.kind[i] === K.PARK) out.push(i);
  if (t.n) out.push(t.n - 1);
  return [...new Set(out)].sort((x, y) => x - y);
}
