// op.hpp: the instructions that a pattern is compiled to.
#pragma once
#include <cstdint>

namespace newproc::pattern {

/// a, b: the first two operands, as the operation's list has them; c, d: further ones.
enum class Op : std::uint8_t {
  go,       // a: of the program's spawns
  yield,
  mark,
  snap,
  // Control
  counter,  // a: slot, b: rounds; opens a loop
  round,    // a: slot, target: past the loop; takes one round or leaves
  jump,     // target; a: 1 back to the head of a while
  ret,      // of the body
  unless,   // a: variable, b: value, target: where to go on if the comparison fails
  choose,   // a: of the program's choices
  function_enter,  // a: of the body's functions, target: where to go on after it
  function_leave,
  defer,    // the next of the function's deferred calls
  recover,  // a: variable or none
  assert_,  // a: variable, b: value
  goexit,
  panic,    // a: of the program's texts, or none
  once_enter,  // a: once, b: of the body's functions, target: past the list, for all but the first
  once_log,    // a
  // Variables
  set,      // a: variable, b: value
  inc,      // a
  sum,      // a = b + c
  diff,     // a = b - c
  atomic,   // a += b; c: variable for the result, or none
  load,     // b = a
  store,    // a = b
  swap,     // a = b; c: variable for what it was
  cas,      // a == b: a = c; d: variable: whether it was so
  // Channels
  send,     // a: channel, b: value
  recv,     // a; b: variable or none, c: variable for whether it was sent, or none
  range,    // a; b: variable or none; target: past the list
  close,    // a
  try_send,  // a, b
  try_recv,  // a
  select,   // a: of the program's selects
  make_chan,  // a, b: capacity or kNil
  // Package sync
  lock,     // a: mutex
  unlock,
  try_lock,  // a; b: variable
  rwlock,   // a: read-write mutex
  rwunlock,
  rlock,
  runlock,
  try_rwlock,
  try_rlock,
  add,      // a: waitgroup, b
  done,
  wait,
  condwait,  // a: condition
  cwait,
  signal,
  broadcast,
  make,      // a: slot: a fresh object of its kind
  make_cond,  // a: slot, b: locker, c: which
  // Time
  sleep,      // a: milliseconds
  after,      // a: channel, b: milliseconds
  timer,      // a: timer, b: milliseconds
  ticker,
  afterfunc,  // a: timer, b: milliseconds, c: of the program's spawns
  stop,       // a: timer; b: variable or none
  reset,      // a: timer, b: milliseconds; c: variable or none
  // Contexts
  withcancel,   // a: context, b: parent or none
  withtimeout,  // a: context, b: parent or none, c: milliseconds
  cancel,       // a
  err           // a; b: variable or none
};

enum class Compare : std::uint8_t { eq, ne, lt, le, gt, ge };
constexpr const char* kCompares[] = {"==", "!=", "<", "<=", ">", ">="};

constexpr bool holds(std::int64_t a, Compare how, std::int64_t b) {
  switch (how) {
    case Compare::eq: return a == b;
    case Compare::ne: return a != b;
    case Compare::lt: return a < b;
    case Compare::le: return a <= b;
    case Compare::gt: return a > b;
    default: return a >= b;
  }
}

}  // namespace newproc::pattern
