// parts.hpp: walking through the operations of a document, and what each of them names.
#pragma once
#include <vector>

#include "pattern/compile.hpp"

namespace newproc::pattern {

enum class PartIs { operation, one_case, branch };

/// A part of a document: an operation, a case of a select or a branch of a choose.
struct Part {
  std::size_t number;  // through all bodies, each before those inside it
  std::size_t body;
  PartIs is;
  Json& json;
};

/// What a part is given, lists left out. `kind` is a letter of OpShape::arguments; of go's arguments it is A.
struct Operand {
  char kind;
  Json* value;
  std::size_t argument;  // which of go's
};

/// A place that names an object: a number of its table, or "$3".
struct Reference {
  Kind kind;
  Json* name;
  bool optional;  // may be null
};

using Slots = std::vector<std::vector<Kind>>;

std::vector<Operand> operands_of(const Part& part, int version);
std::vector<Reference> references_of(const Part& part, int version, const Slots& slots);
/// Where the body is that the operation starts; null: it starts none.
Json* started_by(const Part& part);
/// The place of its first argument.
std::size_t first_argument(const Json& op);
/// The lists that an operation holds: of a select those of the cases, and the default's.
std::vector<Json*> lists_of(Json& op, int version);
/// The table of a kind: "chans".
const char* table_of(Kind kind);

/// Every part of one list, in order.
template <class F>
void walk(Json& ops, std::size_t body, int version, std::size_t& next, const F& visit) {
  for (Json& op : ops) {
    visit(Part{next++, body, PartIs::operation, op});
    if (op[0] == "select") {
      for (Json& one : op[1]) {
        visit(Part{next++, body, PartIs::one_case, one});
        walk(one.back(), body, version, next, visit);
      }
      if (!op[2].is_null()) walk(op[2], body, version, next, visit);
      continue;
    }
    const bool branches = op[0] == "choose";
    for (Json* list : lists_of(op, version)) {
      if (branches) visit(Part{next++, body, PartIs::branch, *list});
      walk(*list, body, version, next, visit);
    }
  }
}

template <class F>
void walk_all(Json& doc, int version, const F& visit) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < doc["bodies"].size(); ++i) walk(doc["bodies"][i], i, version, next, visit);
}

}  // namespace newproc::pattern
