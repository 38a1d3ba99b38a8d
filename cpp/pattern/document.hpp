// document.hpp: a pattern's document, and how it can be less: for the search for the smallest one. What goes, goes whole: its row
// in tables and names too, and what comes after it moves up.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pattern/parts.hpp"

namespace newproc::pattern {

/// An object of a table.
struct Object {
  Kind kind;
  std::int64_t index;
  auto operator<=>(const Object&) const = default;
};

/// A document that parses. What its functions make of it need not: the parser says.
class Document {
 public:
  /// Bad: it does not parse.
  explicit Document(const std::string& text);
  std::string text() const { return doc_.dump(-1, ' ', false, Json::error_handler_t::replace); }
  /// Which body of the first document each one is.
  const std::vector<std::uint32_t>& bodies() const { return bodies_; }

  // What there is to take away. Parts are numbered as in parts.hpp.
  std::size_t parts() const;
  std::vector<Object> objects() const;
  /// For each part, how many lists it holds that could stand in its place.
  std::vector<std::size_t> lists() const;
  /// Rounds of loops (-1: for ever), what Adds add, capacities.
  std::vector<std::int64_t> counts() const;
  /// Those from 2 on and all values from 2 on, each once.
  std::vector<std::int64_t> numbers() const;
  /// The parts that are a go.
  std::vector<std::size_t> spawns() const;
  /// Two parts without lists that name the same object.
  std::vector<std::pair<std::size_t, std::size_t>> pairs() const;

  // Less. Bodies, slots and objects that are left without a use go, too.
  /// gone[part]
  Document without(const std::vector<bool>& gone) const;
  /// Nor what starts it.
  Document without_body(std::size_t body) const;
  /// Nor what names it.
  Document without(const Object& object) const;
  /// The part's list instead of the part.
  Document unwrapped(std::size_t part, std::size_t list) const;
  /// counts()[i] is n.
  Document counted(std::size_t i, std::int64_t n) const;
  /// Where `from` is, `to` is.
  Document numbered(std::int64_t from, std::int64_t to) const;

 private:
  /// What stands for a part goes into `out`, and true; false: it stays. What is inside is done.
  using Rule = std::function<bool(std::size_t part, Json& json, Json& out)>;
  Json rewrite(const Json& ops, std::size_t& next, const Rule& rule) const;
  Document rewritten(const Rule& rule) const;
  template <class F>
  void each(const F& visit) const {
    walk_all(doc_, version_, visit);
  }
  template <class F>
  void each_count(const F& visit) const;
  template <class F>
  void each_number(const F& visit) const;
  void tidy();
  void tidy_bodies();
  void tidy_slots();
  void tidy_objects(Kind kind);
  void drop_slot(std::size_t body, std::size_t slot);
  void drop_object(const Object& object);
  std::int64_t table_size(Kind kind) const;

  mutable Json doc_;  // walks hand out what they pass
  int version_ = 1;
  Slots slots_;
  std::vector<std::uint32_t> bodies_;
};

}  // namespace newproc::pattern
