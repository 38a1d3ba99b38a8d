// shrink.cpp: rt_shrink of newproc.h.
#include <memory>

#include "call.hpp"
#include "context/overflow.hpp"
#include "explore/reduce.hpp"
#include "shown.hpp"

using namespace newproc;
using namespace newproc::explore;

namespace {

struct OwnedShrunk : rt_shrunk {
  Reduced reduced;
  std::unique_ptr<Shown> shown;
};

rt_status check_options(const char* call, const rt_shrink_options& o) {
  if (o.struct_size != sizeof o)
    return fail(RT_EINVAL, "%s: options->struct_size is %zu; fill options with rt_shrink_options_init, which sets it to %zu", call,
                o.struct_size, sizeof o);
  if ((o.kind & ~std::uint32_t{RT_FIND_ALL}) != 0 || (o.kind & (o.kind - 1)) != 0)
    return fail(RT_EINVAL, "%s: options->kind is %u; give one of RT_FIND_*, or 0 for whatever the schedule shows", call, o.kind);
  if (o.schedules == 0) return fail(RT_EINVAL, "%s: options->schedules is 0; give at least 1", call);
  if (o.steps == 0) return fail(RT_EINVAL, "%s: options->steps is 0; give at least 1", call);
  return RT_OK;
}

}  // namespace

extern "C" {

rt_status rt_shrink_options_init(rt_shrink_options* options, size_t size) {
  if (options == nullptr) return null("rt_shrink_options_init", "options");
  if (size != sizeof *options)
    return fail(RT_EINVAL, "rt_shrink_options_init: size is %zu; pass sizeof(rt_shrink_options), %zu in this version", size, sizeof *options);
  const ReduceOptions usual;
  *options = {sizeof *options, usual.kind, 0, usual.schedules, usual.seed, usual.nanos, usual.bounds.steps, usual.bounds.after_main};
  return RT_OK;
}

rt_status rt_shrink(const char* json, size_t len, const char* schedule, const rt_shrink_options* options, rt_shrunk** out) {
  const char* call = "rt_shrink";
  if (rt_current() != nullptr) return inside(call);
  if (json == nullptr) return null(call, "json");
  if (schedule == nullptr) return null(call, "schedule");
  if (out == nullptr) return null(call, "out");
  rt_shrink_options o;
  rt_shrink_options_init(&o, sizeof o);
  if (options != nullptr) o = *options;
  if (const rt_status s = check_options(call, o); s != RT_OK) return s;
  install_overflow_handler();
  return guarded(call, [&] {
    Schedule what;
    std::string why;
    if (!from_text(schedule, what, why)) return fail(RT_EINVAL, "%s: %s", call, why.c_str());
    pattern::Program program;
    if (!pattern::parse(json, len, program, why)) return fail(RT_EPATTERN, "%s", why.c_str());
    if (what.program != program.hash)
      return fail(RT_ESTATE, "%s: the schedule is of program %08x, this is %08x; give the pattern that the schedule was found in", call,
                  what.program, program.hash);
    auto owned = std::make_unique<OwnedShrunk>();
    owned->reduced = reduce({json, len}, what, {{o.steps, o.after_main}, o.kind, o.kind_only != 0, o.schedules, o.seed, o.nanos});
    const Reduced& r = owned->reduced;
    if (r.text.empty())
      return fail(RT_ESTATE, "%s: the schedule shows no %s; give one that rt_explore has found, and the same steps", call,
                  o.kind != 0 ? find_name(o.kind) : "finding");
    owned->shown = std::make_unique<Shown>(r.finding);
    static_cast<rt_shrunk&>(*owned) = {sizeof(rt_shrunk), r.text.data(), r.text.size(), owned->shown->get(), r.tried, r.nanos, r.minimal ? 1u : 0u};
    *out = owned.release();
    return RT_OK;
  });
}

void rt_shrunk_free(rt_shrunk* shrunk) { delete static_cast<OwnedShrunk*>(shrunk); }

}  // extern "C"
