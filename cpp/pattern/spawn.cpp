// spawn.cpp: goroutines of a pattern, and what they are given.
#include "pattern/limits.hpp"
#include "pattern/vm.hpp"

namespace newproc::pattern {

/// What the new goroutine begins with: its arguments as they are now.
Start* Run::start_of(const Frame& frame, const Spawn& spawn) {
  if (spawn.arguments.empty()) return &starts_[spawn.body];
  Start* start = objects_.fresh_start(this, spawn.body);
  const std::vector<Kind>& slots = program_.bodies[spawn.body].slots;
  for (std::size_t i = 0; i < spawn.arguments.size(); ++i) {
    const Argument& one = spawn.arguments[i];
    start->slots.push_back(one.fresh ? objects_.fresh_cell(value(frame, one.value)) : objects_.passed(frame, slots[i], one.value.number));
  }
  return start;
}

void Run::spawn(const Frame& frame, const Spawn& what) {
  rt_spawn spawn{};
  spawn.struct_size = sizeof spawn;
  spawn.fn = body_entry;
  spawn.arg = start_of(frame, what);
  spawn.file = program_.name.c_str();
  spawn.line = static_cast<std::int32_t>(what.body);
  const rt_status status = current_ops()->newproc_ex(&spawn, nullptr, nullptr);
  if (status == RT_ELIMIT) end_at_limit("goroutines", limits_.goroutines, "goroutines");
  if (status != RT_OK) end_for_memory("a goroutine");
}

}  // namespace newproc::pattern
