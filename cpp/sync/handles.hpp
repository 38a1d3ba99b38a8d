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
