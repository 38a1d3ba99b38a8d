#include "explore/schedule.hpp"

#include <algorithm>
#include <charconv>

namespace newproc::explore {
namespace {

constexpr std::string_view kPrefix = "np1r-";
constexpr std::size_t kHashDigits = 8;

template <class T>
bool number(std::string_view& text, T& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool one(std::string_view& text, Deviation& d) {
  if (!number(text, d.after) || !skip(text, '.') || !number(text, d.nth) || !skip(text, '=')) return false;
  d.choice = skip(text, 'c');
  if (!d.choice && skip(text, 't')) {
    d.to = kTimer;
    return true;
  }
  return number(text, d.to);
}

std::string way(const Deviation& d) {
  if (d.choice) return "way " + std::to_string(d.to) + " of a choice";
  return d.to == kTimer ? "the next timer fires" : "goroutine " + std::to_string(d.to) + " goes on";
}

}  // namespace

std::vector<Deviation> deviations_of(const std::vector<Decision>& decisions) {
  std::vector<Deviation> out;
  for (const Decision& d : decisions)
    if (d.chosen != d.usual) out.push_back({d.after, d.nth, d.choice, d.chosen});
  return out;
}

std::string to_text(const Schedule& schedule) {
  char hash[kHashDigits + 1];
  std::snprintf(hash, sizeof hash, "%08x", schedule.program);
  std::string text = std::string(kPrefix) + hash;
  char before = '-';
  for (const Deviation& d : schedule.deviations) {
    text += before + std::to_string(d.after) + '.' + std::to_string(d.nth) + '=';
    text += d.choice ? "c" + std::to_string(d.to) : d.to == kTimer ? "t" : std::to_string(d.to);
    before = ',';
  }
  return text;
}

bool from_text(std::string_view text, Schedule& out, std::string& why) {
  const std::string all(text);
  out = {};
  if (!text.starts_with(kPrefix)) {
    why = "the schedule \"" + all + "\" does not begin with " + std::string(kPrefix) + ", version 1 of schedules in relaxed mode";
    return false;
  }
  text.remove_prefix(kPrefix.size());
  std::string_view hash = text.substr(0, kHashDigits);
  if (hash.size() != kHashDigits || !number(hash, out.program, 16) || !hash.empty()) {
    why = "the schedule \"" + all + "\" has no program hash of 8 hexadecimal digits after " + std::string(kPrefix);
    return false;
  }
  text.remove_prefix(kHashDigits);
  for (char before = '-'; !text.empty(); before = ',') {
    const std::size_t at = all.size() - text.size();
    Deviation d{};
    if (!skip(text, before) || !one(text, d)) {
      why = "the schedule \"" + all + "\" is wrong from character " + std::to_string(at) +
            " on; a deviation is 0.3=2, 0.3=t or 0.3=c1, with commas between";
      return false;
    }
    out.deviations.push_back(d);
  }
  return true;
}

std::string describe(const Deviation& d) {
  return "after decision " + std::to_string(d.nth) + " of goroutine " + std::to_string(d.after) + ": " + way(d);
}

void Replay::begin(std::uint64_t seed) {
  used_.assign(list_->size(), 0);
  left_ = list_->size();
  trouble_.clear();
  if (then_ != nullptr) then_->begin(seed);
}

std::uint32_t Replay::pick(const Question& q) {
  if (left_ == 0) return then_ != nullptr ? then_->pick(q) : q.usual;
  const std::uint32_t nth = q.after->decisions - 1;
  for (std::size_t i = 0; i < list_->size(); ++i) {
    const Deviation& d = (*list_)[i];
    if (used_[i] != 0 || d.after != q.after->id || d.nth != nth) continue;
    used_[i] = 1;
    --left_;
    if (d.choice == (q.choice)) {
      if (d.choice && d.to < q.n) return d.to;
      if (!d.choice && d.to == kTimer && q.timer) return q.n - 1;
      const std::uint32_t goroutines = q.goroutines();
      for (std::uint32_t t = 0; !d.choice && t < goroutines; ++t)
        if (q.task(t).id == d.to) return t;
    }
    if (strict_ && trouble_.empty()) {
      trouble_ = describe(d) + ", but that cannot be: ";
      if (q.choice) {
        trouble_ += "there is a choice of " + std::to_string(q.n) + " ways";
      } else {
        trouble_ += "it is one of goroutines";
        for (std::uint32_t t = 0; t < q.goroutines(); ++t) trouble_ += " " + std::to_string(q.task(t).id);
        if (q.timer) trouble_ += ", or the next timer";
      }
    }
    return strict_ ? kStop : q.usual;
  }
  return q.usual;
}

bool Replay::end(const Trail&) {
  if (!strict_ || !trouble_.empty() || left_ == 0) return true;
  for (std::size_t i = 0; i < list_->size() && trouble_.empty(); ++i)
    if (used_[i] == 0) trouble_ = describe((*list_)[i]) + ", but the run ended, or there was one way to go on, before that";
  return true;
}

}  // namespace newproc::explore
