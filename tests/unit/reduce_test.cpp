// reduce_test.cpp: documents with less in them, and the search for the smallest pattern.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "explore/reduce.hpp"
#include "fixture.hpp"
#include "pattern/document.hpp"

using namespace newproc;
using namespace newproc::explore;
using newproc::pattern::Document;
using newproc::pattern::Json;
using newproc::pattern::Kind;

namespace {

/// Everything that a document can have, each thing used.
constexpr const char* kWhole = R"({"version":2,"name":"whole","chans":[0,2,null],"mutexes":2,"rwmutexes":2,"waitgroups":1,"onces":1,"vars":3,
 "timers":1,"contexts":2,"conds":[["mutex",1],null,["rlocker",1]],"atomics":[2],
 "slots":[["mutex"],["chan","var","waitgroup"],["context"]],
 "names":{"bodies":["main","worker","timer"],"chans":["a","b","c"],"vars":["x","y"],"mutexes":"?"},
 "bodies":[
  [["new","$0"],["add",0,2],["go",1,1,["value",["var",2]],0],["go",1,0,1,0],["lock","$0"],["unlock","$0"],
   ["go",2,1],["select",[["recv",0,0,null,[["mark",1]]],["recv",["timer",0],[["mark",2]]],["send",1,["var",1],[]]],[["yield"]]],
   ["choose",[["inc",0]],[["loop",3,[["sum",0,["var",1],2]]]]],["if",0,"<",["var",2],[["break"]],[["cwait",0]]],
   ["recv",["done",1],0,1],["rlock",1],["signal",2],["runlock",1],["func",[["defer",[["recover",1]]],["panic","x"]]],["wait",0]],
  [["send","$0",["var","$1"]],["once",0,[["rwlock",0],["rwunlock",0]]],["range","$0","$1",[["condwait",1]]],["done","$2"]],
  [["afterfunc",0,5,2,"$0"],["withcancel","$0",0],["cancel","$0"],["withtimeout",1,"$0",9],["try","send",2,["var",0]],
   ["atomic",2,1,0],["trylock",0,1],["stop",0,0],["recv",["done",0]],["while",1,"!=",0,[]]]]})";

bool parses(const Document& d, std::string* why = nullptr) {
  pattern::Program program;
  std::string said;
  const std::string text = d.text();
  const bool good = pattern::parse(text.data(), text.size(), program, said);
  if (why != nullptr) *why = said;
  return good;
}

/// What nothing names any more is gone, so what an operation says of another table entry would not parse.
void check_less(const Document& d, std::size_t& good) {
  std::string why;
  if (parses(d, &why)) {
    ++good;
    return;
  }
  // The language's own rules for where something stands, and nothing about what there is.
  const bool known = why.find("recover") != std::string::npos || why.find("defer") != std::string::npos || why.find("\"choose\" has 0") != std::string::npos;
  CHECK_MESSAGE(known, why);
}

Json json_of(const Document& d) { return Json::parse(d.text()); }

Finding found_in(const std::string& text, std::uint32_t kind) {
  pattern::Program program;
  std::string why;
  REQUIRE_MESSAGE(pattern::parse(text.data(), text.size(), program, why), why);
  Subject subject;
  subject.pattern = &program;
  SearchOptions options;
  options.engine.find = kind;
  options.first = true;
  Finding found;
  const auto driver = make_driver("portfolio", {});
  search(subject, options, *driver, [&](const Finding& f) {
    found = f;
    return false;
  });
  REQUIRE(found.kind == kind);
  return found;
}

Reduced reduced(const std::string& text, std::uint32_t kind, bool kind_only = false) {
  ReduceOptions options;
  options.kind = kind;
  options.kind_only = kind_only;
  return reduce(text, found_in(text, kind).schedule, options);
}

}  // namespace

TEST_SUITE_BEGIN("explore: smaller patterns");

TEST_CASE("every way to make a document less leaves one whose tables fit") {
  const Document whole(kWhole);
  REQUIRE(parses(whole));
  std::size_t good = 0;
  for (std::size_t i = 0; i < whole.parts(); ++i) {
    std::vector<bool> gone(whole.parts());
    gone[i] = true;
    check_less(whole.without(gone), good);
    for (std::size_t j = i + 1; j < whole.parts(); ++j) {
      gone[j] = true;
      check_less(whole.without(gone), good);
      gone[j] = false;
    }
    for (std::size_t list = 0; list < whole.lists()[i]; ++list) check_less(whole.unwrapped(i, list), good);
  }
  for (const pattern::Object& object : whole.objects()) check_less(whole.without(object), good);
  for (std::size_t body = 1; body < whole.bodies().size(); ++body) check_less(whole.without_body(body), good);
  for (const auto& [a, b] : whole.pairs()) CHECK(a < b);
  CHECK(good > 1000);
}

TEST_CASE("what nothing names leaves tables and names, and what comes after it moves up") {
  const Document d(R"({"version":2,"chans":[0,5,7],"vars":3,"mutexes":2,"conds":[["mutex",1]],"atomics":[2],"names":{"chans":["a","b","c"],"bodies":["main","no","yes"],"vars":["x"]},
    "slots":[[],[],["chan","var"]],
    "bodies":[[["go",2,1,["value",4]],["set",2,1],["signal",0]],[["inc",0]],[["send",2,["var","$1"]]]]})");
  const Json less = json_of(d.without(std::vector<bool>(d.parts())));
  CHECK(less["bodies"] == Json::parse(R"([[["go",1,["value",4]],["set",0,1],["signal",0]],[["send",0,["var","$0"]]]])"));
  CHECK(less["chans"] == Json::parse("[7]"));
  CHECK(less["vars"] == 1);
  CHECK(less["mutexes"] == 1);
  CHECK(less["conds"] == Json::parse(R"([["mutex",0]])"));
  CHECK(less["atomics"] == Json::parse("[0]"));
  CHECK(less["slots"] == Json::parse(R"([[],["var"]])"));
  CHECK(less["names"] == Json::parse(R"({"chans":["c"],"bodies":["main","yes"]})"));
}

TEST_CASE("a variable that may be null becomes null, and numbers are counts and values alike") {
  const Document d(R"({"version":2,"chans":[3],"vars":2,"waitgroups":1,"bodies":[[["add",0,3],["loop",3,[["recv",0,1]]],["assert",0,3],["sleep",3]]]})");
  CHECK(json_of(d.without({Kind::var, 1}))["bodies"] == Json::parse(R"([[["add",0,3],["loop",3,[["recv",0,null]]],["assert",0,3],["sleep",3]]])"));
  CHECK(json_of(d.numbered(3, 2)) == Json::parse(R"({"version":2,"chans":[2],"vars":2,"waitgroups":1,"bodies":[[["add",0,2],["loop",2,[["recv",0,1]]],["assert",0,2],["sleep",3]]]})"));
  CHECK(d.counts() == std::vector<std::int64_t>{3, 3, 3});
}

TEST_CASE("noise goes, and what the failure needs stays") {
  const Reduced r = reduced(R"({"vars":3,"mutexes":1,"chans":[4],"waitgroups":1,"bodies":[
    [["set",1,7],["add",0,4],["loop",4,[["go",1]]],["go",2],["wait",0],["lock",0],["assert",0,4],["unlock",0]],
    [["yield"],["inc",0],["send",0,1],["loop",2,[["lock",0],["inc",2],["unlock",0]]],["done",0]],
    [["mark",3],["loop",-1,[["try","recv",0],["yield"],["break"]]]]]})", RT_FIND_ASSERT);
  CHECK(r.minimal);
  CHECK(Json::parse(r.text) == Json::parse(R"({"vars":1,"waitgroups":1,"bodies":[[["add",0,2],["loop",2,[["go",1]]],["wait",0],["assert",0,2]],[["inc",0],["done",0]]]})"));
  CHECK(r.finding.kind == RT_FIND_ASSERT);
  CHECK(r.finding.schedule.deviations.size() <= 2);
}

TEST_CASE("a deadlock keeps who is in it, and one that took a deviation still takes one") {
  const std::string text = R"({"mutexes":3,"waitgroups":1,"vars":1,"bodies":[
    [["add",0,2],["go",1],["go",2],["mark",1],["wait",0],["inc",0]],
    [["lock",2],["unlock",2],["lock",0],["inc",0],["lock",1],["unlock",1],["unlock",0],["done",0]],
    [["lock",1],["lock",0],["mark",2],["unlock",0],["unlock",1],["done",0]]]})";
  const Reduced r = reduced(text, RT_FIND_DEADLOCK);
  CHECK(Json::parse(r.text)["bodies"] == Json::parse(R"([[["add",0,2],["go",1],["go",2],["wait",0]],
    [["lock",0],["lock",1],["done",0]],[["lock",1],["lock",0],["unlock",0],["unlock",1],["done",0]]])"));  // body 2 usually comes first
  CHECK(r.finding.goroutines.size() == 3);
  CHECK_FALSE(r.finding.schedule.deviations.empty());
  const Reduced any = reduced(text, RT_FIND_DEADLOCK, true);
  CHECK(any.finding.kind == RT_FIND_DEADLOCK);
  CHECK(any.text.size() <= r.text.size());
}

TEST_CASE("the C ABI says what is wrong, and gives the smallest pattern") {
  const std::string text = R"({"chans":[0],"bodies":[[["mark",1],["recv",0],["mark",2]]]})";
  const std::string schedule = to_text(found_in(text, RT_FIND_DEADLOCK).schedule);
  rt_shrink_options o;
  CHECK(rt_shrink_options_init(&o, 3) == RT_EINVAL);
  REQUIRE(rt_shrink_options_init(&o, sizeof o) == RT_OK);
  rt_shrunk* out = nullptr;
  const auto says = [&](const std::string& json, const std::string& of, rt_status status, const char* words) {
    CHECK(rt_shrink(json.data(), json.size(), of.c_str(), &o, &out) == status);
    CHECK_MESSAGE(std::string(rt_last_error()).find(words) != std::string::npos, rt_last_error());
  };
  says(text, "np1r", RT_EINVAL, "does not begin with np1r-");
  says("{}", schedule, RT_EPATTERN, "bodies: missing");
  says(R"({"bodies":[[]]})", schedule, RT_ESTATE, "the schedule is of program");
  o.kind = RT_FIND_RACE;
  says(text, schedule, RT_ESTATE, "the schedule shows no race");
  o.kind = RT_FIND_RACE | RT_FIND_LEAK;
  says(text, schedule, RT_EINVAL, "options->kind is 18");
  o.kind = 0;
  o.schedules = 0;
  says(text, schedule, RT_EINVAL, "options->schedules is 0");
  CHECK(rt_shrink(text.data(), text.size(), schedule.c_str(), nullptr, nullptr) == RT_EINVAL);
  REQUIRE(rt_shrink(text.data(), text.size(), schedule.c_str(), nullptr, &out) == RT_OK);
  CHECK(std::string(out->pattern, out->pattern_len) == R"({"bodies":[[["recv",0]]],"chans":[0]})");
  CHECK(out->minimal == 1);
  CHECK(out->finding->kind == RT_FIND_DEADLOCK);
  rt_shrunk_free(out);
  rt_shrunk_free(nullptr);
}

TEST_SUITE_END();
