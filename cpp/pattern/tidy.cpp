// tidy.cpp: bodies, slots and objects that nothing names any more leave a document.
#include <algorithm>

#include "pattern/document.hpp"

namespace newproc::pattern {
namespace {

/// The row of a list that may be there, as those of "names" are.
void drop_row(Json& list, std::size_t row) {
  if (list.is_array() && row < list.size()) list.erase(row);
}

void drop_name(Json& doc, const char* table, std::size_t row) {
  const auto names = doc.find("names");
  if (names == doc.end() || !names->is_object()) return;
  if (const auto list = names->find(table); list != names->end()) drop_row(*list, row);
}

void drop_empty(Json& of, const char* key) {
  const auto found = of.find(key);
  if (found != of.end() && (*found == 0 || (found->is_array() && found->empty()))) of.erase(found);
}

bool is_slot(const Json& name, std::size_t i) { return name.is_string() && name == "$" + std::to_string(i); }

}  // namespace

void Document::tidy() {
  tidy_bodies();
  tidy_slots();
  tidy_objects(Kind::cond);  // first: what they lock is used by those that are left
  for (std::size_t k = 0; k < kKinds; ++k) tidy_objects(static_cast<Kind>(k));
  for (std::size_t k = 0; k < kKinds; ++k) drop_empty(doc_, table_of(static_cast<Kind>(k)));
  drop_empty(doc_, "atomics");
  if (std::all_of(slots_.begin(), slots_.end(), [](const auto& kinds) { return kinds.empty(); })) doc_.erase("slots");
  const auto names = doc_.find("names");
  if (names == doc_.end() || !names->is_object()) return;
  for (std::size_t k = 0; k < kKinds; ++k) drop_empty(*names, table_of(static_cast<Kind>(k)));
}

void Document::tidy_bodies() {
  std::vector<bool> reached(slots_.size());
  reached[0] = true;
  for (bool more = true; more;) {
    more = false;
    each([&](const Part& part) {
      const Json* starts = started_by(part);
      if (starts == nullptr || !reached[part.body]) return;
      const auto body = starts->get<std::size_t>();
      more = more || !reached[body];
      reached[body] = true;
    });
  }
  for (std::size_t body = reached.size(); body-- > 1;) {
    if (reached[body]) continue;
    doc_["bodies"].erase(body);
    if (const auto slots = doc_.find("slots"); slots != doc_.end()) drop_row(*slots, body);
    drop_name(doc_, "bodies", body);
    slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(body));
    bodies_.erase(bodies_.begin() + static_cast<std::ptrdiff_t>(body));
    each([&](const Part& part) {
      if (Json* starts = started_by(part); starts != nullptr && *starts > body) *starts = starts->get<std::size_t>() - 1;
    });
  }
}

void Document::tidy_slots() {
  for (std::size_t body = 0; body < slots_.size(); ++body) {
    for (std::size_t slot = slots_[body].size(); slot-- > 0;) {
      bool used = false;
      each([&](const Part& part) {
        if (part.body != body) return;
        for (const Reference& one : references_of(part, version_, slots_)) used = used || is_slot(*one.name, slot);
      });
      if (!used) drop_slot(body, slot);
    }
  }
}

void Document::drop_slot(std::size_t body, std::size_t slot) {
  each([&](const Part& part) {
    if (part.body == body) {
      for (const Reference& one : references_of(part, version_, slots_))
        for (std::size_t later = slot + 1; later < slots_[body].size(); ++later)
          if (is_slot(*one.name, later)) {
            *one.name = "$" + std::to_string(later - 1);
            break;
          }
    }
  });
  each([&](const Part& part) {
    if (const Json* starts = started_by(part); starts != nullptr && *starts == body) drop_row(part.json, first_argument(part.json) + slot);
  });
  slots_[body].erase(slots_[body].begin() + static_cast<std::ptrdiff_t>(slot));
  doc_["slots"][body].erase(slot);
}

std::int64_t Document::table_size(Kind kind) const {
  const auto table = doc_.find(table_of(kind));
  if (table == doc_.end() || ((kind == Kind::timer || kind == Kind::context) && version_ < 2)) return 0;
  return table->is_array() ? static_cast<std::int64_t>(table->size()) : table->get<std::int64_t>();
}

void Document::tidy_objects(Kind kind) {
  std::vector<bool> used(static_cast<std::size_t>(table_size(kind)));
  each([&](const Part& part) {
    for (const Reference& one : references_of(part, version_, slots_))
      if (one.kind == kind && one.name->is_number()) used.at(one.name->get<std::size_t>()) = true;
  });
  if (const auto conds = doc_.find("conds"); conds != doc_.end() && conds->is_array())
    for (const Json& locker : *conds)
      if (locker.is_array() && (locker[0] == "mutex" ? Kind::mutex : Kind::rwmutex) == kind) used.at(locker[1].get<std::size_t>()) = true;
  for (std::size_t i = used.size(); i-- > 0;)
    if (!used[i]) drop_object({kind, static_cast<std::int64_t>(i)});
}

void Document::drop_object(const Object& object) {
  const auto moves_up = [&object](Json& name) {
    if (name > object.index) name = name.get<std::int64_t>() - 1;
  };
  each([&](const Part& part) {
    for (const Reference& one : references_of(part, version_, slots_))
      if (one.kind == object.kind && one.name->is_number()) moves_up(*one.name);
  });
  if (const auto conds = doc_.find("conds"); conds != doc_.end() && conds->is_array())
    for (Json& locker : *conds)
      if (locker.is_array() && (locker[0] == "mutex" ? Kind::mutex : Kind::rwmutex) == object.kind) moves_up(locker[1]);
  if (const auto atomics = doc_.find("atomics"); atomics != doc_.end() && object.kind == Kind::var) {
    atomics->erase(std::remove(atomics->begin(), atomics->end(), Json(object.index)), atomics->end());
    for (Json& v : *atomics) moves_up(v);
  }
  const char* key = table_of(object.kind);
  const auto row = static_cast<std::size_t>(object.index);
  drop_name(doc_, key, row);
  Json& table = doc_[key];
  if (table.is_array())
    drop_row(table, row);
  else
    table = table.get<std::int64_t>() - 1;
}

}  // namespace newproc::pattern
