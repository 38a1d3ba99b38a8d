// dump.hpp: tracebacks of all goroutines.
#pragma once
#include <string>

#include "sched/sched.hpp"

namespace NEWPROC_NS {

rt_status dump_goroutines(Sched& s, int fd);
/// Of a run that is over, while its goroutines are still there: how it ended, and at most a thousand of them.
std::string end_dump(const Sched& s);

}  // namespace NEWPROC_NS
