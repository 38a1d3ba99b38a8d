// program.hpp: a spawn pattern, checked and compiled: flat code, so that running it needs no recursion.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "pattern/op.hpp"

namespace newproc::pattern {

/// Which object an operand names: an index into a table of the pattern, a slot of the running body, or the channel
/// of a timer or a context that is found in either. Packed: table indices stand for themselves.
struct Ref {
  enum Space : std::int64_t { table, slot, timer_table, timer_slot, done_table, done_slot };
  static constexpr std::int64_t kNone = -1;
  static constexpr std::int64_t pack(Space space, std::int64_t index) { return (space << 32) | index; }
  static constexpr Space space(std::int64_t packed) { return static_cast<Space>(packed >> 32); }
  static constexpr std::size_t index(std::int64_t packed) { return static_cast<std::uint32_t>(packed); }
  std::int64_t packed;
};

/// What a slot of a body holds.
enum class Kind : std::uint8_t { chan, mutex, rwmutex, waitgroup, cond, once, var, timer, context };
constexpr std::size_t kKinds = 9;

/// A number, or the variable that has it.
struct Value {
  std::int64_t number = 0;  // or a packed Ref
  bool var = false;
};

struct Instruction {
  Op op;
  bool var = false;          // b, a value, is a variable's
  Compare compare = Compare::eq;
  std::uint32_t target = 0;  // where to go on; of operations that never jump: their first further operand
  std::int64_t a = 0, b = 0;
};

struct SelectCase {
  bool send = false;
  std::int64_t chan = 0;
  Value value;                                     // sent
  std::int64_t to = Ref::kNone, ok = Ref::kNone;   // variables for what was received
  std::uint32_t target = 0;                        // of its list
};

struct Select {
  std::vector<SelectCase> cases;
  bool has_default = false;
  std::uint32_t default_target = 0;
};

/// An argument of go: an object, or the value of a variable that is the new goroutine's own.
struct Argument {
  bool fresh = false;
  Value value;  // or, not fresh, a packed Ref in number
};

struct Spawn {
  std::uint32_t body = 0;
  std::vector<Argument> arguments;
};

/// What a cond of the pattern locks.
struct CondSpec {
  enum Locker : std::uint8_t { own, mutex, rwmutex, rlocker } locker = own;
  std::uint32_t index = 0;
};

/// A list that is a function: it has deferred calls, and return leaves just it.
struct Function {
  std::vector<std::uint32_t> defers;  // functions, in the order of their defer operations
  std::uint32_t entry = 0;
};

/// One body: its code ends in ret. functions[0] is the body itself.
struct Body {
  std::vector<Instruction> code;
  std::vector<Function> functions;
  std::vector<Kind> slots;
  std::uint32_t loops = 0, calls = 1;  // that can be open at once
  bool defers = false;                 // it has a defer somewhere
};

struct Program {
  std::string name;
  std::uint32_t hash = 0;  // of the document; the name and blanks do not count
  int version = 1;
  std::uint32_t vars = 0, mutexes = 0, rwmutexes = 0, waitgroups = 0, onces = 0, timers = 0, contexts = 0;
  std::vector<std::int64_t> chans;  // capacities; kNil: a nil channel
  std::vector<CondSpec> conds;
  std::vector<bool> atomics;        // per variable; empty: none has only atomic accesses
  std::vector<Select> selects;
  std::vector<Spawn> spawns;
  std::vector<Value> operands;      // the third and later ones of instructions
  std::vector<std::string> texts;   // of panics
  std::vector<std::vector<std::uint32_t>> choices;  // targets of each choose
  std::vector<Body> bodies;         // 0 is main
};

constexpr std::int64_t kNil = -1;                  // capacity of a nil channel
constexpr int kMostNesting = 200;                  // brackets in the text
constexpr std::size_t kMostBytes = 64u << 20;      // of the text
constexpr std::int64_t kMostCount = 1'000'000;     // of a table (vars, chans, ...)
constexpr std::size_t kMostCases = 1'000;          // of one select
constexpr std::size_t kMostSlots = 64;             // of one body
constexpr std::size_t kMostText = 120;             // bytes of a panic's text
constexpr std::uint64_t kMostBuffer = 1u << 26;    // elements that all channels of a pattern may hold together

/// Reads and checks a pattern. False: `why` names the place and the remedy.
bool parse(const char* text, std::size_t size, Program& out, std::string& why);

}  // namespace newproc::pattern
