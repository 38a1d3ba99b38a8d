// schedtrace.cpp: GODEBUG=schedtrace and scheddetail lines. Go: schedtrace, proc.go:5793
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

[[gnu::format(printf, 2, 3)]] void append(std::string& out, const char* format, ...) {
  char text[256];
  std::va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof text, format, args);
  va_end(args);
  out += text;
}

std::string id_or_nil(bool present, std::int64_t id) { return present ? std::to_string(id) : "nil"; }
const char* truth(bool value) { return value ? "true" : "false"; }

std::string summary(Sched& s, bool detailed) {
  std::string line;
  append(line, "SCHED %" PRIu64 "ms: gomaxprocs=%u idleprocs=%u threads=%d spinningthreads=%u needspinning=%u idlethreads=%u runqueue=%u",
         (s.world.nanotime() - s.start_ns) / 1'000'000, s.gomaxprocs.load(), s.npidle.load(),
         s.mnext - static_cast<std::int32_t>(s.nmfreed), s.nmspinning.load(), s.needspinning.load(), s.nmidle,
         globrunq(s).size());
  if (detailed) {
    append(line, " gcwaiting=%s nmidlelocked=%u stopwait=%d sysmonwait=%s", truth(s.gcwaiting()), s.nmidlelocked,
           s.stopwait, truth(s.sysmonwait.load()));
    return line;
  }
  line += " [";
  const std::uint32_t n = s.gomaxprocs.load();
  for (std::uint32_t i = 0; i < n; ++i) append(line, i == 0 ? "%u" : " %u", s.allp[i]->runq.size());
  return line + "]";
}

void write_line(Sched& s, const std::string& line) { NEWPROC_LOG_LINE(s.log, RT_LOG_INFO, "%s", line.c_str()); }

std::string p_line(const P* p) {
  std::string line;
  const M* m = p->m;
  append(line, "  P%d: status=%u schedtick=%u syscalltick=%u m=%s runqsize=%u gfreecnt=%u timerslen=0", p->id,
         p->status.load(), p->schedtick.load(), p->syscalltick.load(), id_or_nil(m != nullptr, m ? m->id : 0).c_str(),
         p->runq.size(), p->gfree.size.get());
  return line;
}

std::string m_line(const M* m) {
  std::string line;
  const P* p = m->p;
  const G* curg = m->curg;
  const G* lockedg = m->lockedg;
  append(line, "  M%d: p=%s curg=%s mallocing=0 throwing=0 preemptoff= locks=%d dying=0 spinning=%s blocked=%s lockedg=%s",
         m->id, id_or_nil(p != nullptr, p ? p->id : 0).c_str(),
         id_or_nil(curg != nullptr, curg ? static_cast<std::int64_t>(curg->goid) : 0).c_str(), static_cast<int>(m->locks),
         truth(m->spinning), truth(m->blocked),
         id_or_nil(lockedg != nullptr, lockedg ? static_cast<std::int64_t>(lockedg->goid) : 0).c_str());
  return line;
}

std::string g_line(const Sched& s, const G* gp) {
  std::string line;
  const M* m = m_of(s, gp);
  const M* lockedm = gp->lockedm();
  append(line, "  G%" PRIu64 ": status=%u(%s) m=%s lockedm=%s", static_cast<std::uint64_t>(gp->goid), readgstatus(gp),
         gp->waitreason != RT_WAIT_NONE ? rt_wait_reason_text(gp->waitreason) : "",
         id_or_nil(m != nullptr, m ? m->id : 0).c_str(), id_or_nil(lockedm != nullptr, lockedm ? lockedm->id : 0).c_str());
  return line;
}

}  // namespace

void schedtrace(Sched& s, bool detailed) {
  s.lock.lock();
  std::vector<std::string> lines{summary(s, detailed)};
  if (detailed) {
    const std::uint32_t n = s.gomaxprocs.load();
    for (std::uint32_t i = 0; i < n; ++i) lines.push_back(p_line(s.allp[i]));
    for (const M* m = s.allm.load(); m != nullptr; m = m->alllink)
      if (!m->ended) lines.push_back(m_line(m));
    s.allg_lock.lock();
    for (const G* gp : s.allgs) lines.push_back(g_line(s, gp));
    s.allg_lock.unlock();
  }
  s.lock.unlock();
  for (const std::string& line : lines) write_line(s, line);  // the sink may be slow: no lock held
}

// mprof.go:866: a profile has the goroutines that were alive when it began, though others run on meanwhile.
void begin_profile(Sched& s) {
  if (s.profiling.fetch_add(1, std::memory_order_seq_cst) != 0) return;  // those of the first suit the second
  for (G* gp : s.allgs) gp->goroutine_profiled = G::kProfileAbsent;
}
void end_profile(Sched& s) { s.profiling.fetch_sub(1, std::memory_order_seq_cst); }
bool in_profile(const G* gp) {
  return readgstatus(gp) != RT_GDEAD && gp->goroutine_profiled != G::kProfileSatisfied;
}

}  // namespace NEWPROC_NS
