// The picture that a trace becomes, read back with a small reader of protobuf's wire format. The schema's
// own view of it is tests/python/test_perfetto.py.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "trace/hash.hpp"
#include "trace/names.hpp"
#include "trace/perfetto.hpp"
#include "trace/proto.hpp"

using namespace newproc;

namespace {

using Events = std::vector<rt_event>;
using Fields = std::multimap<std::uint32_t, std::string>;  // varints and fixed64 in decimal, the rest as bytes

std::uint64_t varint(const std::string& text, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    REQUIRE(at < text.size());
    const auto byte = static_cast<unsigned char>(text[at++]);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
}

Fields parse(const std::string& text) {
  Fields fields;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint64_t tag = varint(text, at);
    const auto field = static_cast<std::uint32_t>(tag >> 3);
    if ((tag & 7) == 0) {
      fields.emplace(field, std::to_string(varint(text, at)));
    } else if ((tag & 7) == 1) {
      std::uint64_t value = 0;
      for (int i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(text.at(at++))} << (8 * i);
      fields.emplace(field, std::to_string(value));
    } else {
      REQUIRE((tag & 7) == 2);
      const std::uint64_t size = varint(text, at);
      REQUIRE(at + size <= text.size());
      fields.emplace(field, text.substr(at, size));
      at += size;
    }
  }
  return fields;
}

std::string one(const Fields& fields, std::uint32_t field) {
  const auto at = fields.find(field);
  return at != fields.end() ? at->second : "";
}

std::string scratch_path() { return "perfetto_test." + std::to_string(getpid()) + ".pftrace"; }

/// Lines such as "100 P0 begin G1 flow>1", in the order of the file.
std::vector<std::string> lines_of(const Events& events) {
  rt_trace trace{};
  trace.struct_size = sizeof trace;
  trace.events = events.data();
  trace.nevents = events.size();
  const std::string path = scratch_path();
  REQUIRE_MESSAGE(trace::write_perfetto(trace, path.c_str()) == RT_OK, last_error());
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::remove(path.c_str());

  const char* kTypes[] = {"?", "begin", "end", "instant"};
  std::map<std::string, std::string> tracks;
  std::vector<std::string> lines;
  for (const auto& [number, packet_text] : parse(text)) {
    REQUIRE(number == 1);
    const Fields packet = parse(packet_text);
    CHECK(one(packet, 10) == "1");  // the sequence
    if (packet.count(60) != 0) {
      const Fields descriptor = parse(one(packet, 60));
      tracks[one(descriptor, 1)] = one(descriptor, 2);
      continue;
    }
    const Fields event = parse(one(packet, 11));
    REQUIRE(tracks.count(one(event, 11)) == 1);
    std::string line = one(packet, 8) + " " + tracks[one(event, 11)] + " " + kTypes[std::stoul(one(event, 9))];
    if (event.count(23) != 0) line += " " + one(event, 23);
    if (event.count(47) != 0) line += " flow>" + one(event, 47);
    if (event.count(48) != 0) line += " >flow" + one(event, 48);
    lines.push_back(line);
  }
  return lines;
}

rt_event at(std::uint64_t time, std::uint16_t kind, std::uint64_t g, std::uint64_t a = 0, std::uint64_t b = 0, std::int16_t p = 0) {
  return {time, time, g, a, b, kind, p, 0};
}

}  // namespace

TEST_CASE("perfetto: a goroutine's stretch, states, life and the flow that led to it") {
  const std::vector<std::string> expected = {
      "10 P0 begin G1", "10 G1 begin G1", "10 G1 begin running",
      "20 P0 instant GoCreate flow>1", "20 G2 begin G2", "20 G2 begin runnable",
      "30 P0 end", "30 G1 end", "30 G1 begin waiting: semacquire",
      "40 P0 begin G2 >flow1", "40 G2 end", "40 G2 begin running",
      "50 P0 end", "50 G2 end", "50 G2 end",
      "50 G1 end", "50 G1 end"};
  CHECK(lines_of({at(10, RT_EV_GO_START, 1), at(20, RT_EV_GO_CREATE, 2, 1), at(30, RT_EV_GO_PARK, 1, RT_WAIT_SEMACQUIRE),
                  at(40, RT_EV_GO_START, 2), at(50, RT_EV_GO_END, 2)}) == expected);
}

TEST_CASE("perfetto: what the ring lost leaves no end without a beginning") {
  CHECK(lines_of({at(10, RT_EV_GO_END, 9)}).empty());
  CHECK(lines_of({at(10, RT_EV_PROC_STOP, 0)}) == std::vector<std::string>{"10 P0 instant ProcStop"});
}

TEST_CASE("perfetto: a goroutine that comes back from a system call on another P runs there") {
  const std::vector<std::string> lines = lines_of(
      {at(10, RT_EV_GO_START, 1), at(20, RT_EV_GO_SYSCALL, 1), at(30, RT_EV_GO_START, 2), at(40, RT_EV_GO_SYSEXIT, 1, 1, 0, 1)});
  const auto count = [&](const std::string& line) { return std::count(lines.begin(), lines.end(), line); };
  CHECK(count("30 P0 end") == 1);  // G1's stretch there: its P was taken
  CHECK(count("40 P1 begin G1") == 1);
  CHECK(count("20 G1 begin system call") == 1);
  CHECK(count("40 G1 begin running") == 1);
}

TEST_CASE("perfetto: an empty trace is a file with the process alone") { CHECK(lines_of({}).empty()); }

TEST_CASE("perfetto: a path that cannot be written is RT_EIO and named") {
  rt_trace trace{};
  trace.struct_size = sizeof trace;
  CHECK(trace::write_perfetto(trace, "/nowhere/at/all") == RT_EIO);
  CHECK(std::string(last_error()) == "rt_trace_write_perfetto: path /nowhere/at/all cannot be written: No such file or directory");
  CHECK(trace::write_perfetto(trace, "/dev/full") == RT_EIO);
  CHECK(std::string(last_error()) == "rt_trace_write_perfetto: path /dev/full cannot be written: No space left on device");
}

TEST_CASE("proto: varints, fixed64 and lengths as the encoding guide shows them") {
  trace::Proto inner, p;
  p.varint(1, 150);
  CHECK(p.text() == std::string("\x08\x96\x01", 3));
  inner.bytes(2, "testing");
  CHECK(inner.text() == "\x12\x07testing");
  trace::Proto outer;
  outer.message(3, p);
  CHECK(outer.text() == std::string("\x1a\x03\x08\x96\x01", 5));
  trace::Proto fixed;
  fixed.fixed64(1, 0x0102030405060708ULL);
  CHECK(fixed.text() == "\x09\x08\x07\x06\x05\x04\x03\x02\x01");
  trace::Proto most;
  most.varint(1, ~std::uint64_t{0});
  CHECK(most.text().size() == 11);
}

TEST_CASE("hash: kinds, places and arguments count; times, positions and addresses do not") {
  const rt_event e = at(10, RT_EV_GO_START, 1, 2, 3, 4);
  const auto hash = [](const rt_event& one) { return trace::trace_hash(&one, 1); };
  rt_event other = e;
  other.time = 99;
  other.seq = 99;
  CHECK(hash(other) == hash(e));
  const auto differs = [&](auto change) {
    rt_event changed = e;
    change(changed);
    return hash(changed) != hash(e);
  };
  CHECK(differs([](rt_event& x) { x.kind = RT_EV_GO_END; }));
  CHECK(differs([](rt_event& x) { ++x.g; }));
  CHECK(differs([](rt_event& x) { ++x.a; }));
  CHECK(differs([](rt_event& x) { ++x.b; }));
  CHECK(differs([](rt_event& x) { x.p = -1; }));
  CHECK(differs([](rt_event& x) { x.m = -1; }));
  CHECK(hash(at(1, RT_EV_GO_CREATE, 1, 2, 0x1000)) == hash(at(1, RT_EV_GO_CREATE, 1, 2, 0x2000)));
  const rt_event two[] = {e, at(10, RT_EV_GO_END, 1)}, swapped[] = {two[1], two[0]};
  CHECK(trace::trace_hash(two, 2) != trace::trace_hash(swapped, 2));
  CHECK(trace::trace_hash(nullptr, 0) == 0xcbf29ce484222325ULL);
  CHECK(hash(e) == 11562556574480142991ULL);  // FNV-1a, worked out apart from this code
}

TEST_CASE("names: every kind and source has one, anything else a question mark") {
  CHECK(std::string(trace::event_name(RT_EV_GO_CREATE)) == "GoCreate");
  CHECK(std::string(trace::event_name(RT_EV_USER)) == "User");
  CHECK(std::string(trace::event_name(3)) == "?");
  CHECK(std::string(trace::source_name(RT_FROM_RUNNEXT)) == "runnext");
  CHECK(std::string(trace::source_name(RT_FROM_GLOBAL61)) == "global queue (61st tick)");
  CHECK(std::string(trace::source_name(RT_FROM_SYSCALL)) == "system call");
  CHECK(std::string(trace::source_name(RT_FROM_SYSCALL + 1)) == "?");
}
