// overflow.hpp: a goroutine that runs into its guard is reported by goid and spawn site; exit status 2.
#pragma once
#include "context/stack.hpp"

namespace newproc {

/// Installs the SIGSEGV and SIGBUS handlers once per process; older handlers are called for other faults.
void install_overflow_handler();
/// This OS thread gets a signal stack; handlers cannot run on a goroutine's exhausted one.
void enter_signal_stack();
void leave_signal_stack();
/// For its life this OS thread keeps a signal stack: what is entered and left inside costs nothing. For many short runs.
class SignalStackHold {
 public:
  SignalStackHold();
  ~SignalStackHold();
  SignalStackHold(const SignalStackHold&) = delete;
  SignalStackHold& operator=(const SignalStackHold&) = delete;
};
/// Says that the goroutine on `stack` has run over its end, and ends the process.
[[noreturn]] void report_overflow(const StackPool& pool, StackMem* stack);
/// Makes a pool's guards known to the handler, and forgets them.
void watch_pool(const StackPool* pool);
void unwatch_pool(const StackPool* pool);

}  // namespace newproc
