// trace.hpp: rings merged into one trace.
#pragma once
#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trace/hash.hpp"
#include "trace/ring.hpp"

namespace newproc::trace {

/// A trace and the events that it owns; rt_trace_free deletes it.
struct TraceStore : rt_trace {
  std::vector<rt_event> store;
  std::vector<rt_name> named;
  std::deque<std::string> texts;

  void name(std::uint32_t kind, std::uint64_t id, std::string text) {
    named.push_back(rt_name{id, texts.emplace_back(std::move(text)).c_str(), kind});
  }
  void publish_names() {
    names = named.data();
    nnames = named.size();
  }
};

/// One trace of all rings, by time; events of one M stay in order. `to_ns` maps a stamp to nanoseconds.
template <class ToNs>
TraceStore* merge(const std::vector<Ring*>& rings, bool writers_stand_still, ToNs&& to_ns) {
  auto trace = std::make_unique<TraceStore>();
  trace->names = nullptr;
  trace->nnames = 0;
  std::vector<Record> records;
  std::uint64_t lost = 0;
  for (const Ring* ring : rings) lost += ring->read(records, writers_stand_still);
  if (rings.size() > 1)
    std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.stamp < b.stamp; });
  trace->store.reserve(records.size());
  std::uint64_t seq = rings.size() > 1 ? 0 : lost;
  for (const Record& r : records)
    trace->store.push_back(rt_event{seq++, to_ns(r.stamp), r.g, r.a, r.b, r.kind, r.p, r.m});
  trace->struct_size = sizeof(rt_trace);
  trace->events = trace->store.data();
  trace->nevents = trace->store.size();
  trace->lost = lost;
  trace->hash = trace_hash(trace->events, trace->nevents);
  return trace.release();
}

}  // namespace newproc::trace
