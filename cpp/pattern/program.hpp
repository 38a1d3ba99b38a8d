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
  panic
};

struct Instruction {
  Op op;
  std::uint32_t target = 0;
  std::int64_t a = 0, b = 0;
};

/// One body: its code ends in ret; it needs `counters` loop counters.
struct Body {
  std::vector<Instruction> code;
  std::uint32_t counters = 0;
};

struct Program {
  std::string name;
  std::uint32_t vars = 0;
  std::vector<Body> bodies;  // 0 is main
};

constexpr int kMostNesting = 200;                  // brackets in the text
constexpr std::size_t kMostBytes = 64u << 20;      // of the text
constexpr std::int64_t kMostCount = 1'000'000;     // of a table (vars, chans, ...)

/// Reads and checks a pattern. False: `why` names the place and the remedy.
bool parse(const char* text, std::size_t size, Program& out, std::string& why);

}  // namespace newproc::pattern
