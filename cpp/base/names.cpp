#include "base/names.hpp"

#include <cstddef>

namespace newproc {
namespace {
constexpr const char* kReasons[] = {
    "", "GC assist marking", "IO wait", "chan receive (nil chan)", "chan send (nil chan)", "dumping heap",
    "garbage collection", "garbage collection scan", "panicwait", "select", "select (no cases)", "GC assist wait",
    "GC sweep wait", "GC scavenge wait", "chan receive", "chan send", "finalizer wait", "force gc (idle)",
    "semacquire", "sleep", "sync.Cond.Wait", "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock",
    "trace reader (blocked)", "wait for GC cycle", "GC worker (idle)", "GC worker (active)", "preempted",
    "debug call", "GC mark termination", "stopping the world"};
constexpr const char* kStates[] = {"idle", "runnable", "running", "syscall", "waiting", "???", "dead", "???",
                                   "copystack", "preempted"};
}  // namespace

const char* rt_wait_reason_text(std::uint32_t reason) {
  return reason < sizeof kReasons / sizeof *kReasons ? kReasons[reason] : "unknown wait reason";
}

const char* rt_g_status_text(std::uint32_t status) {
  return status < sizeof kStates / sizeof *kStates ? kStates[status] : "???";
}

}  // namespace newproc
