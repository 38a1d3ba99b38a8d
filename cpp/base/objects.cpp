#include "base/objects.hpp"

#include <mutex>
#include <new>
#include <unordered_map>

namespace newproc {
namespace {

struct Named {
  std::mutex mutex;
  std::unordered_map<const void*, std::string> names;
};
Named& named() {
  static auto* all = new Named;  // never destroyed: objects may outlive main
  return *all;
}

}  // namespace

std::atomic<std::uint32_t> named_count{0};

bool name_object(const void* object, const char* name) {
  std::lock_guard lock(named().mutex);
  auto& names = named().names;
  bool done = true;
  try {
    if (name == nullptr || name[0] == '\0')
      names.erase(object);
    else
      names[object] = name;
  } catch (const std::bad_alloc&) {
    done = false;
  }
  named_count.store(static_cast<std::uint32_t>(names.size()), std::memory_order_relaxed);
  return done;
}

std::string object_name(const void* object) {
  std::lock_guard lock(named().mutex);
  const auto at = named().names.find(object);
  return at != named().names.end() ? at->second : std::string();
}

std::vector<std::pair<const void*, std::string>> named_objects() {
  std::lock_guard lock(named().mutex);
  return {named().names.begin(), named().names.end()};
}

}  // namespace newproc
