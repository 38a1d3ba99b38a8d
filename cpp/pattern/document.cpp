// document.cpp: what there is to take away from a document, and what is left.
#include "pattern/document.hpp"

#include <algorithm>
#include <set>

namespace newproc::pattern {
namespace {

bool many(const Json& n) { return n.is_number_integer() && n.get<std::int64_t>() >= 2; }

}  // namespace

Document::Document(const std::string& text) : doc_(read(text.data(), text.size())) {
  Program program;
  std::string why;
  if (!parse(text.data(), text.size(), program, why)) throw Bad("", why);
  version_ = program.version;
  for (const Body& body : program.bodies) slots_.push_back(body.slots);
  for (std::size_t i = 0; i < program.bodies.size(); ++i) bodies_.push_back(static_cast<std::uint32_t>(i));
}

template <class F>
void Document::each_count(const F& visit) const {
  each([&](const Part& part) {
    if (part.is != PartIs::operation) return;
    if (part.json[0] == "loop") visit(part.json[1]);
    if (part.json[0] == "add" && part.json[2].is_number()) visit(part.json[2]);
    if (part.json[0] == "chan" && part.json[2].is_number()) visit(part.json[2]);
  });
  if (const auto chans = doc_.find("chans"); chans != doc_.end())
    for (Json& capacity : *chans)
      if (capacity.is_number()) visit(capacity);
}

template <class F>
void Document::each_number(const F& visit) const {
  each_count(visit);
  each([&](const Part& part) {
    if (part.is == PartIs::operation && part.json[0] == "add") return;  // it was a count
    for (const Operand& one : operands_of(part, version_))
      if (one.kind == 'x' && one.value->is_number()) visit(*one.value);
  });
}

std::size_t Document::parts() const {
  std::size_t n = 0;
  each([&n](const Part&) { ++n; });
  return n;
}

std::vector<Object> Document::objects() const {
  std::vector<Object> out;
  for (std::size_t k = 0; k < kKinds; ++k)
    for (std::int64_t i = 0; i < table_size(static_cast<Kind>(k)); ++i) out.push_back({static_cast<Kind>(k), i});
  return out;
}

std::vector<std::size_t> Document::lists() const {
  std::vector<std::size_t> out;
  each([&](const Part& part) { out.push_back(part.is == PartIs::operation ? lists_of(part.json, version_).size() : 0); });
  return out;
}

std::vector<std::int64_t> Document::counts() const {
  std::vector<std::int64_t> out;
  each_count([&out](const Json& n) { out.push_back(n.get<std::int64_t>()); });
  return out;
}

std::vector<std::int64_t> Document::numbers() const {
  std::set<std::int64_t> out;
  each_number([&out](const Json& n) {
    if (many(n)) out.insert(n.get<std::int64_t>());
  });
  return {out.begin(), out.end()};
}

std::vector<std::size_t> Document::spawns() const {
  std::vector<std::size_t> out;
  each([&out](const Part& part) {
    if (part.is == PartIs::operation && part.json[0] == "go") out.push_back(part.number);
  });
  return out;
}

std::vector<std::pair<std::size_t, std::size_t>> Document::pairs() const {
  std::map<Object, std::vector<std::size_t>> about;
  each([&](const Part& part) {
    if (part.is != PartIs::operation || !lists_of(part.json, version_).empty()) return;
    for (const Reference& one : references_of(part, version_, slots_))
      if (one.name->is_number()) about[{one.kind, one.name->get<std::int64_t>()}].push_back(part.number);
  });
  std::set<std::pair<std::size_t, std::size_t>> out;
  for (const auto& [object, parts] : about)
    for (std::size_t i = 0; i < parts.size(); ++i)
      for (std::size_t j = i + 1; j < parts.size(); ++j)
        if (parts[i] != parts[j]) out.emplace(parts[i], parts[j]);
  return {out.begin(), out.end()};
}

Json Document::rewrite(const Json& ops, std::size_t& next, const Rule& rule) const {
  Json out = Json::array();
  const auto put = [&rule](std::size_t number, Json&& part, Json& into) {
    if (!rule(number, part, into)) into.push_back(std::move(part));
  };
  for (const Json& op : ops) {
    const std::size_t number = next++;
    Json left = op;
    if (op[0] == "select") {
      left[1] = Json::array();
      for (Json one : op[1]) {
        const std::size_t mine = next++;
        one.back() = rewrite(one.back(), next, rule);
        put(mine, std::move(one), left[1]);
      }
      if (!op[2].is_null()) left[2] = rewrite(op[2], next, rule);
    } else if (op[0] == "choose") {
      left = Json::array({"choose"});
      for (std::size_t i = 1; i < op.size(); ++i) {
        const std::size_t mine = next++;
        put(mine, rewrite(op[i], next, rule), left);
      }
      if (left.size() == 1) continue;  // of nothing
    } else {
      for (Json* list : lists_of(left, version_)) *list = rewrite(*list, next, rule);
    }
    put(number, std::move(left), out);
  }
  return out;
}

Document Document::rewritten(const Rule& rule) const {
  Document out = *this;
  std::size_t next = 0;
  for (Json& body : out.doc_["bodies"]) body = rewrite(body, next, rule);
  out.tidy();
  return out;
}

Document Document::without(const std::vector<bool>& gone) const {
  return rewritten([&gone](std::size_t part, const Json&, Json&) { return static_cast<bool>(gone[part]); });
}

Document Document::without_body(std::size_t body) const {
  std::vector<bool> gone(parts());
  each([&](const Part& part) {
    const Json* starts = started_by(part);
    gone[part.number] = starts != nullptr && *starts == body;
  });
  return without(gone);
}

Document Document::without(const Object& object) const {
  Document out = *this;
  std::vector<bool> gone(parts());
  out.each([&](const Part& part) {
    for (const Reference& one : references_of(part, version_, slots_)) {
      if (one.kind != object.kind || *one.name != object.index) continue;
      if (one.optional) *one.name = nullptr;
      else gone[part.number] = true;
    }
  });
  return out.without(gone);
}

Document Document::unwrapped(std::size_t part, std::size_t list) const {
  return rewritten([&](std::size_t number, Json& json, Json& out) {
    if (number != part) return false;
    for (Json& op : *lists_of(json, version_)[list]) out.push_back(std::move(op));
    return true;
  });
}

Document Document::counted(std::size_t i, std::int64_t n) const {
  Document out = *this;
  std::size_t at = 0;
  out.each_count([&](Json& count) {
    if (at++ == i) count = n;
  });
  return out;
}

Document Document::numbered(std::int64_t from, std::int64_t to) const {
  Document out = *this;
  out.each_number([&](Json& n) {
    if (n == from) n = to;
  });
  return out;
}

}  // namespace newproc::pattern
