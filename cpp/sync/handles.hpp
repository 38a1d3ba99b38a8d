// handles.hpp: what newproc.h's opaque types have in front, whichever world they live in.
#pragma once
#include <cstddef>
#include <cstdint>

#include "newproc.h"

struct rt_chan {
  rt_runtime* runtime;
  std::size_t (*len)(const rt_chan* c);
  void (*free)(rt_chan* c);  // needs no runtime: that may be gone
  void (*rewind)(rt_chan* c);  // as it was made
  void (*drain)(rt_chan* c, void (*fn)(void*, const void*), void* arg);
  std::size_t elem_size;     // bytes
  std::size_t cap;           // elements
};

struct rt_timer {
  rt_runtime* runtime;
};

namespace newproc {
/// What anybody may do with a context, though its runtime be gone.
struct ContextOps {
  void (*retain)(rt_context* c);
  void (*release)(rt_context* c);
  rt_status (*err)(const rt_context* c);
  void* (*cause)(const rt_context* c);
  rt_chan* (*done)(rt_context* c);
  bool (*deadline)(const rt_context* c, std::int64_t* when);
  void* (*value)(const rt_context* c, const void* key);
  bool (*stop_func)(rt_context_func* f);
  void (*free_func)(rt_context_func* f);
};
}  // namespace newproc

struct rt_context {
  rt_runtime* runtime;
  const newproc::ContextOps* ops;
};

struct rt_context_func {
  const newproc::ContextOps* ops;
};

struct rt_group {
  rt_runtime* runtime;
  void (*free)(rt_group* group);
  rt_context* context;
};
