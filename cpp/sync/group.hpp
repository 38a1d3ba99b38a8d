// group.hpp: goroutines that work on one thing. Go: golang.org/x/sync/errgroup
#pragma once
#include "sync/context.hpp"

namespace NEWPROC_NS {

struct Group : rt_group {
  Sched* owner = nullptr;
  rt_waitgroup running{};
  rt_chan* room = nullptr;             // holds a token for each that runs; null: no limit
  std::atomic<bool> failed{false};
  Cause* error = nullptr;              // the first
  std::atomic<bool> has_error{false};
};

rt_status group_new(rt_context* parent, rt_func drop, rt_group** out);
rt_status group_set_limit(rt_group* group, std::int32_t n);
rt_status group_go(rt_group* group, rt_group_func fn, void* arg, const void* callerpc, bool block);  // [parks]
rt_status group_wait(rt_group* group, void** error);  // [parks]

}  // namespace NEWPROC_NS
