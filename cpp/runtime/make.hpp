// make.hpp: the two kinds of runtime.
#pragma once
#include "newproc.h"

namespace newproc {
namespace thr {
rt_runtime* make_instance(const rt_config& config);
}
namespace sim {
rt_runtime* make_instance(const rt_config& config);
}
}  // namespace newproc
