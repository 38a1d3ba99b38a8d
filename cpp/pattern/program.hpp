// program.hpp: a spawn pattern, checked and compiled: flat code, so that running it needs no recursion.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace newproc::pattern {

enum class Op : std::uint8_t {
  go,       // a: body
  yield,
  mark,     // a: k
  snap,
  counter,  // a: slot, b: rounds; opens a loop
  round,    // a: slot, target: past the loop; takes one round or leaves
  jump,     // target
  ret,
  set,      // a: variable, b: value
  inc,      // a
  atomic,   // a, b: added
  unless,   // a, b, target: where to go on if variable a is not b
  assert_,  // a, b
  goexit,
  panic,
  send,     // a: channel, b: value
  recv,     // a
  close,    // a
  try_send,  // a, b
  try_recv,  // a
  select,   // a: of the program's selects
  lock,     // a: mutex
  unlock,
  rwlock,   // a: read-write mutex
  rwunlock,
  rlock,
  runlock,
  add,      // a: waitgroup, b
  done,
  wait,
  condwait,  // a: condition
  signal,
  broadcast,
  once_enter,  // a: once, target: past once_leave, for all but the first
  once_leave,  // a
  once_log,    // a
  sleep,       // a: milliseconds
  after        // a: channel, b: milliseconds
};

struct Instruction {
  Op op;
  std::uint32_t target = 0;
  std::int64_t a = 0, b = 0;
};

struct SelectCase {
  bool send = false;
  std::uint32_t chan = 0;
  std::int64_t value = 0;
  std::uint32_t target = 0;  // of its list
};

struct Select {
  std::vector<SelectCase> cases;
  bool has_default = false;
  std::uint32_t default_target = 0;
};

/// One body: its code ends in ret.
struct Body {
  std::vector<Instruction> code;
};

struct Program {
  std::string name;
  std::uint32_t hash = 0;  // of the document; the name and blanks do not count
  std::uint32_t vars = 0, mutexes = 0, rwmutexes = 0, waitgroups = 0, conds = 0, onces = 0;
  std::vector<std::size_t> chans;  // capacities
  std::vector<bool> atomics;       // per variable; empty: none has only atomic accesses
  std::vector<Select> selects;
  std::vector<Body> bodies;  // 0 is main
};

constexpr int kMostNesting = 200;                  // brackets in the text
constexpr std::size_t kMostBytes = 64u << 20;      // of the text
constexpr std::int64_t kMostCount = 1'000'000;     // of a table (vars, chans, ...)
constexpr std::size_t kMostCases = 1'000;          // of one select
constexpr std::uint64_t kMostBuffer = 1u << 26;    // elements that all channels of a pattern may hold together

/// Reads and checks a pattern. False: `why` names the place and the remedy.
bool parse(const char* text, std::size_t size, Program& out, std::string& why);

}  // namespace newproc::pattern
