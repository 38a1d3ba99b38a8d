// Tracks: one per P, with a slice for every stretch that a goroutine runs there, and one per goroutine,
// with a slice for its life. Flows lead from the event that made a goroutine runnable to its next slice.
// Field numbers: perfetto's trace_packet.proto, track_event.proto, track_descriptor.proto, debug_annotation.proto.
#include "trace/perfetto.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "trace/names.hpp"
#include "trace/proto.hpp"

namespace newproc::trace {
namespace {

enum Packet { kTimestamp = 8, kSequence = 10, kTrackEvent = 11, kSequenceFlags = 13, kTrackDescriptor = 60 };
enum Descriptor { kUuid = 1, kName = 2, kProcess = 3, kParent = 5 };
enum TrackEvent { kAnnotation = 4, kType = 9, kTrack = 11, kCategories = 22, kEventName = 23, kFlows = 47, kEndFlows = 48 };
enum Annotation { kUint = 3, kString = 6, kKey = 10 };
enum Type : std::uint64_t { kBegin = 1, kEnd = 2, kInstant = 3 };

constexpr std::uint64_t kProcessTrack = 1, kFirstP = 100, kFirstG = 1'000'000, kSequenceId = 1;

std::uint64_t p_track(std::int16_t p) { return kFirstP + static_cast<std::uint64_t>(p + 1); }
std::uint64_t g_track(std::uint64_t g) { return kFirstG + g; }

class Writer {
 public:
  explicit Writer(const rt_trace& trace) : trace_(trace) {}

  std::string write() {
    track(kProcessTrack, 0, "newproc");
    for (std::size_t i = 0; i < trace_.nevents; ++i) event(trace_.events[i]);
    close_all(trace_.nevents != 0 ? trace_.events[trace_.nevents - 1].time : 0);
    return out_.text();
  }

 private:
  void packet(Proto& p) {
    p.varint(kSequence, kSequenceId);
    if (first_) p.varint(kSequenceFlags, 1);  // incremental state starts here
    first_ = false;
    out_.message(1, p);
  }
  void track(std::uint64_t uuid, std::uint64_t parent, const std::string& name) {
    if (!tracks_.insert(uuid).second) return;
    Proto d, p;
    d.varint(kUuid, uuid);
    if (parent != 0) {
      d.varint(kParent, parent);
      d.bytes(kName, name);
    } else {
      Proto process;
      process.varint(1, 1);     // pid
      process.bytes(6, name);   // process_name
      d.message(kProcess, process);
    }
    p.message(kTrackDescriptor, d);
    packet(p);
  }
  static void note(Proto& e, const char* key, const char* value) {
    Proto a;
    a.bytes(kKey, key);
    a.bytes(kString, value);
    e.message(kAnnotation, a);
  }
  static void note(Proto& e, const char* key, std::uint64_t value) {
    Proto a;
    a.bytes(kKey, key);
    a.varint(kUint, value);
    e.message(kAnnotation, a);
  }
  void emit(std::uint64_t time, Type type, std::uint64_t on, Proto e) {
    e.varint(kType, type);
    e.varint(kTrack, on);
    Proto p;
    p.varint(kTimestamp, time);
    p.message(kTrackEvent, e);
    packet(p);
  }
  static Proto named(const std::string& name) {
    Proto e;
    e.bytes(kCategories, "newproc");
    e.bytes(kEventName, name);
    return e;
  }

  std::uint64_t on_p(std::int16_t p) {
    track(p_track(p), kProcessTrack, p < 0 ? "no P" : "P" + std::to_string(p));
    return p_track(p);
  }
  std::uint64_t on_g(std::uint64_t g) {
    track(g_track(g), kProcessTrack, "G" + std::to_string(g));
    return g_track(g);
  }
  void begin_life(const rt_event& e) {
    if (!alive_.insert(e.g).second) return;
    Proto life = named("G" + std::to_string(e.g));
    if (e.kind == RT_EV_GO_CREATE) note(life, "parent", e.a);
    emit(e.time, kBegin, on_g(e.g), life);
  }
  void end_run(std::int16_t p, std::uint64_t time, const char* why) {
    if (running_.erase(p) == 0) return;
    Proto e;
    note(e, "stopped", why);
    emit(time, kEnd, on_p(p), e);
  }
  void instant(const rt_event& e) {
    Proto i = named(event_name(e.kind));
    if (e.g != 0) note(i, "goid", e.g);
    note(i, "a", e.a);
    note(i, "b", e.b);
    if (e.kind == RT_EV_GO_CREATE || e.kind == RT_EV_GO_UNPARK) {
      flow_[e.g] = ++flows_;
      i.fixed64(kFlows, flows_);
    }
    emit(e.time, kInstant, on_p(e.p), i);
  }
  void start(const rt_event& e) {
    end_run(e.p, e.time, "next");
    begin_life(e);
    Proto s = named("G" + std::to_string(e.g));
    note(s, "from", source_name(e.a));
    if (e.a == RT_FROM_STEAL) note(s, "stolen from P", e.b);
    if (const auto f = flow_.find(e.g); f != flow_.end()) {
      s.fixed64(kEndFlows, f->second);
      flow_.erase(f);
    }
    emit(e.time, kBegin, on_p(e.p), s);
    running_[e.p] = e.g;
  }
  void event(const rt_event& e) {
    switch (e.kind) {
      case RT_EV_GO_START: return start(e);
      case RT_EV_GO_END:
        end_run(e.p, e.time, "end");
        if (alive_.erase(e.g) != 0) emit(e.time, kEnd, on_g(e.g), Proto{});
        return;
      case RT_EV_GO_SCHED:
      case RT_EV_GO_PREEMPT:
      case RT_EV_GO_PARK:
      case RT_EV_GO_SYSBLOCK: return end_run(e.p, e.time, event_name(e.kind));
      case RT_EV_PROC_STOP: return end_run(e.p, e.time, "ProcStop");
      case RT_EV_GO_CREATE: begin_life(e); return instant(e);
      default: return instant(e);
    }
  }
  void close_all(std::uint64_t time) {
    for (const auto& [p, g] : running_) emit(time, kEnd, on_p(p), Proto{});
    for (const std::uint64_t g : alive_) emit(time, kEnd, on_g(g), Proto{});
  }

  const rt_trace& trace_;
  Proto out_;
  bool first_ = true;
  std::uint64_t flows_ = 0;
  std::set<std::uint64_t> tracks_, alive_;
  std::map<std::int16_t, std::uint64_t> running_;
  std::map<std::uint64_t, std::uint64_t> flow_;
};

}  // namespace

rt_status write_perfetto(const rt_trace& trace, const char* path) {
  const std::string text = Writer(trace).write();
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "wb"), std::fclose);
  if (file == nullptr || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() || std::fflush(file.get()) != 0)
    return fail(RT_EIO, "rt_trace_write_perfetto: path %s cannot be written: %s", path, std::strerror(errno));
  return RT_OK;
}

}  // namespace newproc::trace
