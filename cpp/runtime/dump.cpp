// dump.cpp: tracebacks of all goroutines: what each does or waits for, its stack, who started it where.
// Go: tracebackothers, goroutineheader; traceback.go:1243, 1182
#include "runtime/dump.hpp"

#include <unistd.h>

#include <cstdio>

#include "base/objects.hpp"
#include "base/symbol.hpp"
#include "context/walk.hpp"
#include "sync/chan.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::uint64_t kMinuteNs = 60'000'000'000;

const char* kind_of(std::uint32_t reason) {
  switch (reason) {
    case RT_WAIT_SEMACQUIRE: return "sync.WaitGroup";
    case RT_WAIT_COND: return "sync.Cond";
    case RT_WAIT_MUTEX_LOCK: return "sync.Mutex";
    case RT_WAIT_RWMUTEX_RLOCK:
    case RT_WAIT_RWMUTEX_LOCK: return "sync.RWMutex";
    default: return "object";
  }
}

bool is_chan(std::uint32_t reason) {
  return reason == RT_WAIT_CHAN_SEND || reason == RT_WAIT_CHAN_RECEIVE || reason == RT_WAIT_SELECT;
}

/// "waits for chan #3 jobs", "waits for sync.Mutex (0x7ff...)". Not among Go's lines: there one looks at the arguments.
/// still: nobody moves, so that what is waited for is surely there.
std::string waits_for(const G* gp, const StackMem* stack, bool still) {
  const std::uint32_t reason = gp->waitreason;
  const void* object = readgstatus(gp) == RT_GWAITING && stack != nullptr ? stack->wait_object.get() : nullptr;
  if (object == nullptr) return {};
  const std::string name = object_name(object);
  char address[32];
  std::snprintf(address, sizeof address, "(%p)", object);
  std::string text = std::string("waits for ") + (is_chan(reason) ? "chan " : kind_of(reason)) + (is_chan(reason) ? "" : " ");
  if (is_chan(reason) && still) text += "#" + std::to_string(static_cast<const Chan*>(object)->id) + " ";
  text += !name.empty() ? name : address;
  if (reason == RT_WAIT_SELECT) text += ", and whatever else its select has";
  return text + "\n";
}

std::string header(const G* gp, const StackMem* stack, std::uint64_t now) {
  const std::uint32_t status = readgstatus(gp);
  const bool waits = status == RT_GWAITING;
  std::string text = "goroutine " + std::to_string(gp->goid) + " [";
  text += waits && gp->waitreason != RT_WAIT_NONE ? rt_wait_reason_text(gp->waitreason) : rt_g_status_text(status);
  const std::uint64_t since = waits && stack != nullptr ? stack->wait_since.get() : now;
  const bool known = kSim || since != 0;
  if (known && now > since && (now - since) / kMinuteNs != 0) text += ", " + std::to_string((now - since) / kMinuteNs) + " minutes";
  if (gp->has(G::kLocked)) text += ", locked to thread";
  return text + "]:\n";
}

std::string created_by(const G* gp) {
  if (gp->goid == 1 || gp->parent_goid == 0) return {};
  const char* name = gp->file() != nullptr ? "" : symbol_name(gp->gopc);
  std::string text = "created by ";
  text += name[0] != '\0' ? name : site_of(gp);
  text += " in goroutine " + std::to_string(gp->parent_goid) + "\n";
  if (gp->file() != nullptr) text += "\t" + site_of(gp) + "\n";
  return text;
}

/// traceback.go:1213. Where each goroutine was that led to gp, when it spawned the next; nearest first.
std::string originating_from(const G* gp) {
  std::string text;
  const Ancestors* list = gp->has(G::kMore) ? gp->more.ancestors : nullptr;
  if (list == nullptr) return text;
  for (const auto& ancestor : *list) {
    text += "[originating from goroutine " + std::to_string(ancestor->goid) + "]:\n";
    for (const void* pc : ancestor->pcs) frame_line(pc, text);
    if (ancestor->pcs.size() == Ancestor::kMostFrames) text += "...additional frames elided...\n";
    if (ancestor->goid != 1) text += "created by " + site_text(ancestor->gopc, ancestor->file, ancestor->line) + "\n";
  }
  return text;
}

/// A function that has not begun, or whose frames are out of reach.
std::string first_frame(const G* gp, const char* why) {
  const char* name = gp->name() != nullptr ? gp->name() : symbol_name(reinterpret_cast<const void*>(static_cast<rt_func>(gp->fn)));
  return std::string(name) + why;
}

void one(const Sched& s, const G* gp, const M* self, std::uint64_t now, bool still, std::string& text) {
  const StackMem* stack = stack_of(s, gp);
  text += header(gp, stack, now);
  const Context ctx = gp->ctx.load(std::memory_order_acquire);
  if (self != nullptr && self->curg == gp)
    walk_here(text);
  else if (ctx == kFresh)
    text += first_frame(gp, " (not yet run)\n");
  else if (ctx != nullptr && stack != nullptr)
    walk_parked(ctx, const_cast<StackMem*>(stack), text);
  else
    text += "\tgoroutine running on other thread; stack unavailable\n";
  if (gp->name() != nullptr && ctx != kFresh) text += std::string(gp->name()) + "(...)\n";  // the outermost frame, by its given name
  text += waits_for(gp, stack, still);
  text += created_by(gp) + originating_from(gp) + "\n";
}

}  // namespace

rt_status dump_goroutines(Sched& s, int fd) {
  std::string text;
  const M* self = kSim ? nullptr : getm();
  const std::uint64_t now = s.world.nanotime();
  if constexpr (!kSim) {  // there nobody moves while one looks
    s.lock.lock();
    s.allg_lock.lock();
  }
  begin_profile(s);
  for (const G* gp : s.allgs)
    if (in_profile(gp)) one(s, gp, self, now, kSim, text);
  end_profile(s);
  if constexpr (!kSim) {
    s.allg_lock.unlock();
    s.lock.unlock();
  }
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = write(fd, text.data() + at, text.size() - at);
    if (n <= 0) return RT_EIO;
    at += static_cast<std::size_t>(n);
  }
  return RT_OK;
}

std::string end_dump(const Sched& s) {
  constexpr std::size_t kMost = 1000;
  std::string text = s.end.message + "\n\n";
  const auto ended_it = [&s](const G* gp) { return !s.end.stack.empty() && gp->goid == s.end.goid; };
  for (const G* gp : s.allgs)
    if (readgstatus(gp) != RT_GDEAD && ended_it(gp))
      text += "goroutine " + std::to_string(gp->goid) + " [running]:\n" + s.end.stack + created_by(gp) + originating_from(gp) + "\n";
  std::size_t shown = 0, more = 0;
  for (const G* gp : s.allgs) {
    if (readgstatus(gp) == RT_GDEAD || gp->system() || ended_it(gp)) continue;
    if (++shown <= kMost)
      one(s, gp, nullptr, s.end.when, true, text);
    else
      ++more;
  }
  if (more != 0) text += "...and " + std::to_string(more) + " more goroutines\n";
  return text;
}

}  // namespace NEWPROC_NS
