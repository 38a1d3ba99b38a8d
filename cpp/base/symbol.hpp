// symbol.hpp: names of functions, and snapshots' common base.
#pragma once
#include "newproc.h"

namespace newproc {

/// The dynamic symbol at or before the address, "" if there is none. Valid while its library is loaded.
const char* symbol_name(const void* address);

/// What rt_snapshot_free deletes.
struct SnapshotStore : rt_snapshot {
  SnapshotStore() : rt_snapshot{} {}
  virtual ~SnapshotStore() = default;
};

}  // namespace newproc
