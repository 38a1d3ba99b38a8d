// perfetto.cpp: what a trace looks like. One track per P, with a slice for every stretch that a goroutine runs
// there. One per goroutine, with a slice for its life and, within, one for each state. Flows lead from the
// event that made a goroutine runnable to its next stretch. Everything else is an instant on its P.
//
// A ring may have lost the oldest events, so that anything may come first: a life begins with the first event that
// names the goroutine, and an end that has no beginning is left out.
#include "trace/perfetto.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/names.hpp"
#include "trace/names.hpp"
#include "trace/packets.hpp"

namespace newproc::trace {
namespace {

constexpr std::uint64_t kProcessTrack = 1, kFirstP = 100, kFirstG = 1'000'000;

class Picture {
 public:
  std::string draw(const rt_trace& trace) {
    packets_.process(kProcessTrack, "newproc");
    for (std::size_t i = 0; i < trace.nnames; ++i)
      (trace.names[i].kind == RT_NAME_G ? goroutines_ : objects_)[trace.names[i].id] = trace.names[i].name;
    for (std::size_t i = 0; i < trace.nevents; ++i) event(trace.events[i]);
    close_all(trace.nevents != 0 ? trace.events[trace.nevents - 1].time : 0);
    return packets_.text();
  }

 private:
  /// "G7 producer"
  std::string g_name(std::uint64_t g) const {
    const auto name = goroutines_.find(g);
    return "G" + std::to_string(g) + (name != goroutines_.end() ? " " + name->second : std::string());
  }
  /// What is waited for, if it has a name; who is readied has waited for what its last park named.
  void note_object(const rt_event& e, EventBody& body) {
    if (e.kind == RT_EV_GO_PARK) waits_for_[e.g] = e.b;
    if (e.kind != RT_EV_GO_PARK && e.kind != RT_EV_GO_UNPARK) return;
    const auto object = waits_for_.find(e.g);
    if (object == waits_for_.end()) return;
    if (const auto name = objects_.find(object->second); name != objects_.end()) body.note("object", name->second);
  }
  std::uint64_t p_track(std::int16_t p) {
    const std::uint64_t uuid = kFirstP + static_cast<std::uint64_t>(p + 1);
    packets_.track(uuid, kProcessTrack, p < 0 ? "no P" : "P" + std::to_string(p));
    return uuid;
  }
  std::uint64_t g_track(std::uint64_t g) {
    const std::uint64_t uuid = kFirstG + g;
    packets_.track(uuid, kProcessTrack, g_name(g));
    return uuid;
  }

  // The goroutine's track: the slice of its life, and in it always one of its state.
  void enter(const rt_event& e, const std::string& state) {
    if (alive_.insert(e.g).second) {
      EventBody life(g_name(e.g));
      if (e.kind == RT_EV_GO_CREATE) life.note("parent", e.a);
      packets_.begin(g_track(e.g), e.time, life);
    } else {
      packets_.end(g_track(e.g), e.time);
    }
    EventBody slice(state);
    if (e.kind == RT_EV_GO_PARK) note_object(e, slice);
    packets_.begin(g_track(e.g), e.time, slice);
  }
  void die(std::uint64_t g, std::uint64_t time) {
    packets_.end(g_track(g), time);
    packets_.end(g_track(g), time);
  }

  // The P's track.
  void leave_p(std::int16_t p, std::uint64_t time, const char* why) {
    if (running_.erase(p) != 0) packets_.end(p_track(p), time, EventBody().note("stopped", why));
  }
  void start(const rt_event& e) {
    leave_p(e.p, e.time, "its P was taken");  // the sysmon's doing, which has no event
    EventBody stretch(g_name(e.g));
    if (e.kind == RT_EV_GO_START) {
      stretch.note("source", source_name(e.a));
      if (e.a == RT_FROM_STEAL) stretch.note("stolen from P", e.b);
    }
    if (const auto flow = flow_.find(e.g); flow != flow_.end()) {
      stretch.flow_ends_here(flow->second);
      flow_.erase(flow);
    }
    packets_.begin(p_track(e.p), e.time, stretch);
    running_[e.p] = e.g;
    enter(e, "running");
  }
  /// It goes on where it was, unless its P changed hands meanwhile.
  void resume(const rt_event& e) {
    const auto at = running_.find(e.p);
    if (at == running_.end() || at->second != e.g) return start(e);
    enter(e, "running");
  }
  void stop(const rt_event& e, const std::string& state) {
    leave_p(e.p, e.time, event_name(e.kind));
    enter(e, state);
  }
  void instant(const rt_event& e, bool starts_flow = false) {
    EventBody mark(event_name(e.kind));
    if (e.g != 0) mark.note("goid", e.g);
    mark.note("a", e.a).note("b", e.b);
    note_object(e, mark);
    if (starts_flow) mark.flow_from_here(flow_[e.g] = ++flows_);
    packets_.instant(p_track(e.p), e.time, mark);
  }

  void event(const rt_event& e) {
    switch (e.kind) {
      case RT_EV_GO_CREATE:
      case RT_EV_GO_UNPARK: instant(e, true); return enter(e, "runnable");
      case RT_EV_GO_START: return start(e);
      case RT_EV_GO_END: leave_p(e.p, e.time, "GoEnd"); return alive_.erase(e.g) != 0 ? die(e.g, e.time) : void();
      case RT_EV_GO_SCHED:
      case RT_EV_GO_PREEMPT: return stop(e, "runnable");
      case RT_EV_GO_PARK: return stop(e, std::string("waiting: ") + rt_wait_reason_text(static_cast<std::uint32_t>(e.a)));
      case RT_EV_GO_SYSCALL: instant(e); return enter(e, "system call");
      case RT_EV_GO_SYSBLOCK: return stop(e, "system call");
      case RT_EV_GO_SYSEXIT: instant(e); return e.a == 1 ? resume(e) : enter(e, "runnable");
      case RT_EV_STW_DONE: instant(e); return resume(e);  // its P may be another one now
      case RT_EV_PROC_STOP: leave_p(e.p, e.time, "ProcStop"); return instant(e);
      default: return instant(e);
    }
  }
  void close_all(std::uint64_t time) {
    for (const auto& [p, g] : running_) packets_.end(p_track(p), time);
    for (const std::uint64_t g : alive_) die(g, time);
  }

  Packets packets_;
  std::map<std::uint64_t, std::string> goroutines_, objects_;  // names
  std::map<std::uint64_t, std::uint64_t> waits_for_;           // of each goroutine's last park
  std::uint64_t flows_ = 0;
  std::set<std::uint64_t> alive_;
  std::map<std::int16_t, std::uint64_t> running_;
  std::map<std::uint64_t, std::uint64_t> flow_;  // open flow to each goroutine that was made runnable
};

}  // namespace

rt_status write_perfetto(const rt_trace& trace, const char* path) {
  const std::string text = Picture().draw(trace);
  std::FILE* file = std::fopen(path, "wb");
  bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int error = errno;
  // A full disk may show at the last flush only.
  if (file != nullptr && std::fclose(file) != 0 && written)
    return fail(RT_EIO, "rt_trace_write_perfetto: path %s cannot be written: %s", path, std::strerror(errno));
  if (!written) return fail(RT_EIO, "rt_trace_write_perfetto: path %s cannot be written: %s", path, std::strerror(error));
  return RT_OK;
}

}  // namespace newproc::trace
