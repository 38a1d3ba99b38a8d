// explore.cpp: rt_explore, rt_replay and the cells of newproc.h.
#include <memory>

#include "base/symbol.hpp"
#include "call.hpp"
#include "context/overflow.hpp"
#include "explore/search.hpp"
#include "pattern.hpp"
#include "shown.hpp"

using namespace newproc;
using namespace newproc::explore;

namespace {

/// Puts a caller's function in the place of a driver.
class Caller final : public Driver {
 public:
  Caller(rt_choose_func choose, void* arg) : choose_(choose), arg_(arg) {}
  void begin(std::uint64_t) override { ++schedule_; }
  std::uint32_t pick(const Question& q) override {
    tasks_.clear();
    const std::uint32_t goroutines = q.goroutines();
    for (std::uint32_t i = 0; i < goroutines; ++i) {
      const Task& t = q.task(i);
      tasks_.push_back({t.id, t.next.kind, t.next.object, t.site});
    }
    const rt_question question{sizeof(rt_question), !q.choice ? tasks_.data() : nullptr, q.n, q.usual, q.running ? 1u : 0u,
                               q.timer ? 1u : 0u, schedule_ - 1, q.step, q.after->id, q.after->decisions - 1};
    const std::uint32_t way = choose_(arg_, &question);
    return way < q.n || way == kStop ? way : q.usual;
  }

 private:
  rt_choose_func choose_;
  void* arg_;
  std::uint64_t schedule_ = 0;
  std::vector<rt_task> tasks_;
};

/// A replay that a caller's function watches, and may leave.
class Watched final : public Driver {
 public:
  Watched(Replay& replay, Caller& caller) : replay_(replay), caller_(caller) {}
  void begin(std::uint64_t seed) override {
    replay_.begin(seed);
    caller_.begin(seed);
  }
  std::uint32_t pick(const Question& q) override {
    Question asked = q;
    asked.usual = replay_.pick(q);
    return asked.usual == kStop ? kStop : caller_.pick(asked);
  }
  bool wants_all() const override { return true; }

 private:
  Replay& replay_;
  Caller& caller_;
};

rt_status subject_of(const char* call, const rt_program* program, Subject& subject) {
  if (rt_current() != nullptr) return inside(call);
  if (program == nullptr) return null(call, "program");
  if (program->struct_size != sizeof *program)
    return fail(RT_EINVAL, "%s: program->struct_size is %zu; set it to sizeof(rt_program), %zu in this version", call,
                program->struct_size, sizeof *program);
  if ((program->pattern == nullptr) == (program->fn == nullptr))
    return fail(RT_EINVAL, "%s: give program->pattern or program->fn, and not both", call);
  subject = {program->pattern != nullptr ? &program->pattern->program : nullptr, program->fn, program->arg, program->ended,
             program->stack_size, program->hash};
  if (subject.pattern != nullptr && (subject.ended != nullptr || subject.stack_size != 0 || subject.hash != 0))
    return fail(RT_EINVAL, "%s: program->ended, stack_size and hash are for program->fn; leave them 0 with a pattern", call);
  install_overflow_handler();
  return RT_OK;
}

rt_status check_properties(const char* call, const rt_property* properties, std::size_t n) {
  if (n != 0 && properties == nullptr) return fail(RT_EINVAL, "%s: options->properties is NULL and options->nproperties is %zu", call, n);
  for (std::size_t i = 0; i < n; ++i) {
    if (properties[i].check == nullptr) return fail(RT_EINVAL, "%s: options->properties[%zu].check is NULL", call, i);
    if (properties[i].when > RT_EVENTUALLY)
      return fail(RT_EINVAL, "%s: options->properties[%zu].when is %u; give RT_ALWAYS or RT_EVENTUALLY", call, i, properties[i].when);
  }
  return RT_OK;
}

/// What rt_explore and rt_replay ask alike.
template <class Options>
EngineOptions engine_options(const Options& o, std::uint32_t find) {
  EngineOptions out;
  out.bounds = {o.steps, o.after_main};
  out.find = find;
  if (o.nproperties != 0) out.properties.assign(o.properties, o.properties + o.nproperties);
  out.check_scheduler = o.check_scheduler != 0;
  return out;
}

rt_status check_options(const char* call, const rt_explore_options& o) {
  if (o.struct_size != sizeof o)
    return fail(RT_EINVAL, "%s: options->struct_size is %zu; fill options with rt_explore_options_init, which sets it to %zu", call,
                o.struct_size, sizeof o);
  if ((o.find & ~std::uint32_t{RT_FIND_ALL | RT_WARN_LOCK_ORDER}) != 0 || o.find == 0)
    return fail(RT_EINVAL, "%s: options->find is %u; give RT_FIND_* and RT_WARN_* added up, 1 to %d", call, o.find, RT_FIND_ALL | RT_WARN_LOCK_ORDER);
  if (o.schedules == 0) return fail(RT_EINVAL, "%s: options->schedules is 0; give at least 1", call);
  if (o.steps == 0) return fail(RT_EINVAL, "%s: options->steps is 0; give at least 1", call);
  if (o.depth == 0 || o.depth > 1'000) return fail(RT_EINVAL, "%s: options->depth is %u; give 1 to 1000", call, o.depth);
  return check_properties(call, o.properties, o.nproperties);
}

std::unique_ptr<Driver> driver_for(const rt_explore_options& o) {
  if (o.choose != nullptr) return std::make_unique<Caller>(o.choose, o.choose_arg);
  return make_driver(o.driver != nullptr ? o.driver : "portfolio", {o.depth, o.bound});
}

}  // namespace

extern "C" {

const char* rt_find_name(uint32_t kind) { return find_name(kind); }

uint32_t rt_program_hash(const rt_program* program) {
  if (program == nullptr || program->struct_size != sizeof *program) return 0;
  return program->pattern != nullptr ? program->pattern->program.hash : program->hash;
}

rt_status rt_explore_options_init(rt_explore_options* options, size_t size) {
  if (options == nullptr) return null("rt_explore_options_init", "options");
  if (size != sizeof *options)
    return fail(RT_EINVAL, "rt_explore_options_init: size is %zu; pass sizeof(rt_explore_options), %zu in this version", size, sizeof *options);
  *options = {};
  options->struct_size = sizeof *options;
  options->driver = "portfolio";
  options->schedules = SearchOptions{}.schedules;
  options->seed = 1;
  options->steps = Bounds{}.steps;
  options->after_main = Bounds{}.after_main;
  options->find = RT_FIND_ALL;
  options->shrink = 1;
  options->depth = DriverOptions{}.depth;
  return RT_OK;
}

rt_status rt_explore(const rt_program* program, const rt_explore_options* options, rt_finding_func found, void* arg, rt_explored* out) {
  const char* call = "rt_explore";
  Subject subject;
  if (const rt_status s = subject_of(call, program, subject); s != RT_OK) return s;
  rt_explore_options o;
  rt_explore_options_init(&o, sizeof o);
  if (options != nullptr) o = *options;
  if (const rt_status s = check_options(call, o); s != RT_OK) return s;
  if (out != nullptr && out->struct_size != sizeof *out)
    return fail(RT_EINVAL, "%s: out->struct_size is %zu; set it to sizeof(rt_explored), %zu in this version", call, out->struct_size, sizeof *out);
  return guarded(call, [&] {
    std::unique_ptr<Driver> driver = driver_for(o);
    if (driver == nullptr) return fail(RT_EINVAL, "%s: there is no driver \"%s\"; there are: %s", call, o.driver, driver_names());
    Schedule prefix;
    std::unique_ptr<Driver> follow;
    if (o.prefix != nullptr) {
      std::string why;
      if (!from_text(o.prefix, prefix, why)) return fail(RT_EINVAL, "%s: options->prefix: %s", call, why.c_str());
      auto replay = std::make_unique<Replay>(false, driver.get());
      replay->follow(prefix.deviations);
      follow = std::move(replay);
    }
    SearchOptions search_options;
    search_options.engine = engine_options(o, o.find);
    search_options.engine.coverage = o.coverage != 0;
    search_options.schedules = o.schedules;
    search_options.seed = o.seed;
    search_options.nanos = o.nanos;
    search_options.first = o.first != 0;
    search_options.shrink = o.shrink != 0;
    const Searched done = search(subject, search_options, follow != nullptr ? *follow : *driver, [&](const Finding& f) {
      return found == nullptr || found(arg, Shown(f).get()) == 0;
    });
    if (out != nullptr)
      *out = {sizeof *out, done.schedules, done.steps, done.findings, done.nanos, done.complete ? 1u : 0u, done.tasks, done.warnings,
              done.transitions, done.pairs, done.last_new, done.unseen, done.missed.probability, done.missed.depth};
    return RT_OK;
  });
}

rt_status rt_replay_options_init(rt_replay_options* options, size_t size) {
  if (options == nullptr) return null("rt_replay_options_init", "options");
  if (size != sizeof *options)
    return fail(RT_EINVAL, "rt_replay_options_init: size is %zu; pass sizeof(rt_replay_options), %zu in this version", size, sizeof *options);
  *options = {};
  options->struct_size = sizeof *options;
  options->steps = Bounds{}.steps;
  options->after_main = Bounds{}.after_main;
  return RT_OK;
}

rt_status rt_replay(const rt_program* program, const char* schedule, const rt_replay_options* options, rt_finding_func found, void* arg,
                    rt_result** out) {
  const char* call = "rt_replay";
  Subject subject;
  if (const rt_status s = subject_of(call, program, subject); s != RT_OK) return s;
  if (schedule == nullptr) return null(call, "schedule");
  rt_replay_options o;
  rt_replay_options_init(&o, sizeof o);
  if (options != nullptr) o = *options;
  if (o.struct_size != sizeof o)
    return fail(RT_EINVAL, "%s: options->struct_size is %zu; fill options with rt_replay_options_init, which sets it to %zu", call, o.struct_size, sizeof o);
  if (const rt_status s = check_properties(call, o.properties, o.nproperties); s != RT_OK) return s;
  return guarded(call, [&] {
    Schedule what;
    std::string why;
    if (!from_text(schedule, what, why)) return fail(RT_EINVAL, "%s: %s", call, why.c_str());
    EngineOptions engine_of = engine_options(o, RT_FIND_ALL);
    engine_of.trace_events = o.trace_events;
    engine_of.log = true;
    Engine engine(subject, engine_of);
    const bool strict = o.lenient == 0;
    if (strict && what.program != engine.program_hash())
      return fail(RT_ESTATE, "%s: the schedule is of program %08x, this is %08x; replay it leniently to follow it as far as it fits", call,
                  what.program, engine.program_hash());
    Replay replay(strict);
    replay.follow(what.deviations);
    if (o.choose != nullptr) {
      Caller caller(o.choose, o.choose_arg);
      Watched watched(replay, caller);
      engine.run(watched, 0);
    } else {
      engine.run(replay, 0);
    }
    const bool left = engine.explorer().stopped() && replay.trouble().empty();  // by its caller: what was to come is no trouble
    if (!left) replay.end({engine.explorer().decisions(), engine.explorer().steps(), engine.explorer().tasks()});
    if (!replay.trouble().empty()) return fail(RT_ESTATE, "%s: the schedule does not fit the program: %s", call, replay.trouble().c_str());
    for (Finding f : engine.findings()) {
      f.schedule = {engine.program_hash(), deviations_of(engine.explorer().decisions())};
      f.schedules = 1;
      if (found != nullptr && found(arg, Shown(f).get()) != 0) break;
    }
    if (out == nullptr) return RT_OK;
    auto result = std::make_unique<OwnedResult>();
    result->outcome = engine.outcome();
    if (o.trace_events != 0) engine.runtime().trace(&result->own_trace);
    if (o.want_snapshot != 0) engine.runtime().snapshot(&result->own_snapshot);
    result->fill();
    *out = result.release();
    return RT_OK;
  });
}

namespace {
rt_status cell(const char* call, const void* cell, std::uint32_t kind) {
  RT_IN_GOROUTINE(call);
  if (cell == nullptr) return null(call, "cell");
  ops->access(cell, kind);
  return RT_OK;
}
}  // namespace

rt_status rt_cell_read(const void* c) { return cell("rt_cell_read", c, RT_OP_READ); }
rt_status rt_cell_write(const void* c) { return cell("rt_cell_write", c, RT_OP_WRITE); }
rt_status rt_cell_atomic(const void* c) { return cell("rt_cell_atomic", c, RT_OP_ATOMIC); }
rt_status rt_cell_atomic_load(const void* c) { return cell("rt_cell_atomic_load", c, RT_OP_ATOMIC_LOAD); }

rt_status rt_point(const void* object) {
  static const char one = 0;
  return cell("rt_point", object != nullptr ? object : &one, RT_OP_SYNC);
}
rt_status rt_site(uint64_t site) {
  RT_IN_GOROUTINE("rt_site");
  ops->say_site(site);
  return RT_OK;
}

}  // extern "C"
