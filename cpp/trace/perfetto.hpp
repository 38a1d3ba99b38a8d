// perfetto.hpp: a trace in Perfetto's protobuf format, for ui.perfetto.dev.
#pragma once
#include "newproc.h"

namespace newproc::trace {
rt_status write_perfetto(const rt_trace& trace, const char* path);
}
