#include "explore/drivers/systematic.hpp"

#include <algorithm>
#include <bit>

namespace newproc::explore {
namespace {

/// The way of that name; n: there is none.
std::uint32_t way_of(const Question& q, std::uint32_t name) {
  for (std::uint32_t i = 0; i < q.n; ++i)
    if (q.name(i) == name) return i;
  return q.n;
}

std::uint64_t place_after(std::uint64_t a, std::uint64_t b) { return mix_seed(a ^ (b * 0xff51afd7ed558ccdULL), 1); }

}  // namespace

// ---- DepthFirst ----

std::uint32_t DepthFirst::follow(const Question& q, const Node& node) {
  const std::uint32_t way = way_of(q, node.ways[node.at].name);
  return way < q.n ? way : kStop;  // kStop: the program did something else than before
}

/// What need not be tried after node's way: what was asleep or has been tried there, unless the way conflicts with it.
void DepthFirst::put_to_sleep(const Node& node) {
  if (node.choice) return;
  const Way& done = node.ways[node.at];
  std::vector<Way> next;
  const auto keep = [&](const Way& way) {
    if (way.name != done.name && done.name != kTimer && way.name != kTimer && !conflict(way.op, done.op)) next.push_back(way);
  };
  for (const Way& way : node.sleep) keep(way);
  for (std::size_t i = 0; i < node.at; ++i) keep(node.ways[i]);
  sleep_.swap(next);
}

std::uint32_t DepthFirst::pick(const Question& q) {
  if (depth_ == nodes_.size()) {
    Node node;
    node.choice = q.choice;
    if (!node.choice) node.sleep = sleep_;
    for (std::uint32_t k = 0; k < q.n; ++k) {
      const std::uint32_t i = k == 0 ? q.usual : k <= q.usual ? k - 1 : k;  // the usual one first
      const Way way{q.name(i), !node.choice && q.name(i) != kTimer ? q.task(i).next : Operation{}};
      const auto asleep = [&way](const Way& other) { return other.name == way.name; };
      if (node.choice || std::none_of(node.sleep.begin(), node.sleep.end(), asleep)) node.ways.push_back(way);
    }
    if (node.ways.empty()) return kStop;
    nodes_.push_back(std::move(node));
  }
  const Node& node = nodes_[depth_++];
  const std::uint32_t way = follow(q, node);
  if (way != kStop) put_to_sleep(node);
  return way;
}

bool DepthFirst::end(const Trail&) {
  while (!nodes_.empty() && nodes_.back().at + 1 == nodes_.back().ways.size()) nodes_.pop_back();
  if (nodes_.empty()) return false;
  ++nodes_.back().at;
  return true;
}

// ---- FewestFirst ----

void FewestFirst::begin(std::uint64_t) {
  path_.clear();
  on_path_ = 0;
  decision_ = 0;
  base_like_ = 0;
  base_cost_ = deviations_ = 0;
  current_ = kRoot;
  if (!started_) return;
  for (std::uint32_t cost = 0; cost < kCosts; ++cost) {
    if (served_[cost] == waiting_[cost].size()) continue;
    current_ = waiting_[cost][served_[cost]++];
    if (served_[cost] == waiting_[cost].size()) {
      waiting_[cost].clear();
      served_[cost] = 0;
    }
    break;
  }
  for (std::uint32_t i = current_; i != kRoot; i = nodes_[i].parent) path_.push_back(nodes_[i]);
  std::reverse(path_.begin(), path_.end());
  deviations_ = static_cast<std::uint32_t>(path_.size());
  if (!path_.empty()) {
    base_like_ = path_.back().like;
    base_cost_ = path_.back().cost;
  }
}

void FewestFirst::add(std::uint32_t name, std::uint64_t like) {
  if (nodes_.size() >= kMostNodes) {
    full_ = true;
    return;
  }
  const std::uint64_t all = place_after(base_like_, like);
  const std::uint32_t cost = std::min(kCosts - 1, base_cost_ + 1 + static_cast<std::uint32_t>(std::bit_width(seen_[all]++)));
  waiting_[cost].push_back(static_cast<std::uint32_t>(nodes_.size()));
  nodes_.push_back({current_, decision_, name, cost, all});
}

/// The ways that were not taken, to be tried later. Of goroutines at the same place, one is enough.
void FewestFirst::offer(const Question& q) {
  if (full_ || (most_ != 0 && deviations_ >= most_)) return;
  const std::uint64_t from = q.running ? place_after(q.task(0).place, 1) : place_after(q.after->place, 2);
  if (q.choice) {
    for (std::uint32_t i = 0; i < q.n; ++i)
      if (i != q.usual) add(i, place_after(from, i));
    return;
  }
  pasts_.clear();
  if (q.usual < q.goroutines()) pasts_.push_back(q.task(q.usual).place);
  for (std::uint32_t i = 0; i < q.goroutines(); ++i) {
    const Task& t = q.task(i);
    if (std::find(pasts_.begin(), pasts_.end(), t.place) != pasts_.end()) continue;
    pasts_.push_back(t.place);
    add(t.id, place_after(from, t.place));
  }
  if (q.timer && q.usual != q.n - 1) add(kTimer, place_after(from, kTimer));
}

std::uint32_t FewestFirst::pick(const Question& q) {
  std::uint32_t way = q.usual;
  if (on_path_ < path_.size()) {
    if (path_[on_path_].decision == decision_) {
      way = way_of(q, path_[on_path_++].name);
      if (way >= q.n) return kStop;
    }
  } else {
    offer(q);
  }
  ++decision_;
  return way;
}

bool FewestFirst::end(const Trail&) {
  started_ = true;
  for (std::uint32_t cost = 0; cost < kCosts; ++cost)
    if (served_[cost] < waiting_[cost].size()) return true;
  return full_;
}

}  // namespace newproc::explore
