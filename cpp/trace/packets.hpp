// packets.hpp: tracks, slices, instants and flows as packets of Perfetto's trace format.
// Field numbers: perfetto's trace_packet.proto, track_event.proto, track_descriptor.proto, debug_annotation.proto.
#pragma once
#include <cstdint>
#include <set>
#include <string>

#include "trace/proto.hpp"

namespace newproc::trace {

/// The body of a TrackEvent: name, annotations, flows.
class EventBody {
 public:
  EventBody() = default;
  explicit EventBody(std::string_view name) {
    proto_.bytes(kCategories, "newproc");
    proto_.bytes(kName, name);
  }
  EventBody& note(std::string_view key, std::string_view value) {
    Proto a;
    a.bytes(kKey, key);
    a.bytes(kString, value);
    proto_.message(kAnnotation, a);
    return *this;
  }
  EventBody& note(std::string_view key, std::uint64_t value) {
    Proto a;
    a.bytes(kKey, key);
    a.varint(kUint, value);
    proto_.message(kAnnotation, a);
    return *this;
  }
  EventBody& flow_from_here(std::uint64_t id) { return proto_.fixed64(kFlows, id), *this; }
  EventBody& flow_ends_here(std::uint64_t id) { return proto_.fixed64(kEndFlows, id), *this; }

 private:
  friend class Packets;
  enum Field { kAnnotation = 4, kType = 9, kTrack = 11, kCategories = 22, kName = 23, kFlows = 47, kEndFlows = 48 };
  enum AnnotationField { kUint = 3, kString = 6, kKey = 10 };
  Proto proto_;
};

/// One packet sequence with names in plain text. Events of one track come in the order of their times, and
/// every begin() has its end(): the caller's duty.
class Packets {
 public:
  void process(std::uint64_t uuid, std::string_view name) {
    Proto process, descriptor;
    process.varint(1, 1);    // pid
    process.bytes(6, name);  // process_name
    descriptor.varint(kUuid, uuid);
    descriptor.message(kProcess, process);
    describe(descriptor);
  }
  /// Says once what a track is called.
  void track(std::uint64_t uuid, std::uint64_t parent, std::string_view name) {
    if (!tracks_.insert(uuid).second) return;
    Proto descriptor;
    descriptor.varint(kUuid, uuid);
    descriptor.varint(kParent, parent);
    descriptor.bytes(kName, name);
    describe(descriptor);
  }
  void begin(std::uint64_t track, std::uint64_t time, EventBody e) { event(1, track, time, e); }
  void end(std::uint64_t track, std::uint64_t time, EventBody e = {}) { event(2, track, time, e); }
  void instant(std::uint64_t track, std::uint64_t time, EventBody e) { event(3, track, time, e); }
  const std::string& text() const { return out_.text(); }

 private:
  enum PacketField { kTimestamp = 8, kSequence = 10, kTrackEvent = 11, kSequenceFlags = 13, kTrackDescriptor = 60 };
  enum DescriptorField { kUuid = 1, kName = 2, kProcess = 3, kParent = 5 };
  static constexpr std::uint64_t kSequenceId = 1, kIncrementalStateCleared = 1;

  void describe(const Proto& descriptor) {
    Proto packet;
    packet.message(kTrackDescriptor, descriptor);
    append(packet);
  }
  void event(std::uint64_t type, std::uint64_t track, std::uint64_t time, EventBody& e) {
    e.proto_.varint(EventBody::kType, type);
    e.proto_.varint(EventBody::kTrack, track);
    Proto packet;
    packet.varint(kTimestamp, time);
    packet.message(kTrackEvent, e.proto_);
    append(packet);
  }
  void append(Proto& packet) {
    packet.varint(kSequence, kSequenceId);
    if (out_.text().empty()) packet.varint(kSequenceFlags, kIncrementalStateCleared);
    out_.message(1, packet);
  }

  Proto out_;
  std::set<std::uint64_t> tracks_;
};

}  // namespace newproc::trace
