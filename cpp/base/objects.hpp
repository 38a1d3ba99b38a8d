// objects.hpp: what programs call their channels, locks and all else that one can wait for, by address.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "newproc.h"

namespace newproc {

/// A copy of name for the object; null takes it away. False: no memory.
bool name_object(const void* object, const char* name);
/// "": it has none.
std::string object_name(const void* object);
extern std::atomic<std::uint32_t> named_count;
/// The object's memory is to be used for something else. Cheap where nothing has a name.
inline void forget_name(const void* object) {
  if (__builtin_expect(named_count.load(std::memory_order_relaxed) != 0, 0)) name_object(object, nullptr);
}
/// Every object that has a name.
std::vector<std::pair<const void*, std::string>> named_objects();

}  // namespace newproc
