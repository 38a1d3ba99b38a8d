#include "explore/drivers/contested.hpp"

#include <algorithm>

namespace newproc::explore {
namespace {

bool has(const std::vector<const void*>& locks, const void* l) { return std::find(locks.begin(), locks.end(), l) != locks.end(); }

}  // namespace

void Contested::begin() {
  objects_.clear();
  visits_.clear();
  most_visits_.clear();
  all_.clear();
  held_.clear();
  alone_ = true;
}

Contested::Locks& Contested::held(std::uint32_t task) {
  if (task >= held_.size()) held_.resize(task + 1);
  return held_[task];
}

void Contested::operation(const Task& t, bool only) {
  const Operation& op = t.next;
  alone_ = alone_ && t.id == 0;
  // Main alone, at its start or having waited for the others: nobody else's operation could come here.
  if (alone_ || (only && t.id == 0) || op.kind == RT_OP_LOCAL || op.object == nullptr) return;
  Locks& locks = held(t.id);
  if (op.gives_back) {
    std::erase(locks, op.object);
    return;
  }
  const std::uint32_t i = objects_.of(reinterpret_cast<std::uintptr_t>(op.object));
  if (i == all_.size()) all_.emplace_back();
  Object& object = all_[i];
  std::vector<Use>& uses = object.uses;
  object.order = mix_seed(object.order ^ t.place, 0);
  const std::uint32_t now = object.n++;
  const auto use = std::find_if(uses.begin(), uses.end(), [&t](const Use& u) { return u.place == t.place; });
  const bool changes = op.kind != RT_OP_READ && op.kind != RT_OP_ATOMIC_LOAD;
  if (use != uses.end()) {
    use->many = use->many || use->task != t.id;
    use->last = now;
    std::erase_if(use->locks, [&locks](const void* l) { return !has(locks, l); });
  } else if (uses.size() < kMostUses) {
    uses.push_back({t.place, t.id, false, changes, locks, now, now});
  }
  const std::uint32_t visits = ++visits_[mix_seed(t.place, t.id)];
  std::uint32_t& most = most_visits_[t.place];
  most = std::max(most, visits);
  if (op.kind == RT_OP_SYNC) locks.push_back(op.object);
}

bool Contested::meet(const Use& a, const Use& b) {
  const bool two = a.many || b.many || a.task != b.task;
  return two && (a.changes || b.changes) && std::none_of(a.locks.begin(), a.locks.end(), [&b](const void* l) { return has(b.locks, l); });
}

/// `object` of its places; above all: it has none yet.
std::uint32_t Contested::note(std::uint64_t place, std::uint32_t& object) {
  const std::uint32_t at = known_.of(place);
  if (at >= kMostPlaces) return kMostPlaces;
  if (at == places_.size()) {
    if (object > nobjects_) object = nobjects_++;
    places_.push_back({place, 0, object});
  }
  object = std::min(object, places_[at].object);
  places_[at].visits = std::max(places_[at].visits, most_visits_[place]);
  return at;
}

void Contested::end(std::vector<std::uint32_t>* late) {
  for (const Object& one : all_) {
    std::uint32_t object = ~std::uint32_t{0};
    for (const Use& a : one.uses) {
      bool meets = false, before = false;
      for (const Use& b : one.uses) {
        if (!meet(a, b)) continue;
        meets = true;
        before = before || a.first < b.last;
      }
      if (!meets) continue;
      const std::uint32_t at = note(a.place, object);
      if (before && late != nullptr && at < kMostPlaces) late->push_back(at);
    }
  }
}

std::uint64_t Contested::order() const {
  std::uint64_t sum = 0;
  for (const Object& one : all_) {
    const bool several = std::any_of(one.uses.begin(), one.uses.end(), [&one](const Use& u) { return u.many || u.task != one.uses[0].task; });
    if (several) sum += mix_seed(one.order, 1);
  }
  return sum;
}

std::uint32_t Contested::object_at(std::uint64_t place) const {
  const std::uint32_t at = known_.get(place, kMostPlaces);
  return at < places_.size() ? places_[at].object : nobjects_;
}

}  // namespace newproc::explore
