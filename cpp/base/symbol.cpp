#include "base/symbol.hpp"

#include <dlfcn.h>

namespace newproc {

const char* symbol_name(const void* address) {
  Dl_info info;
  if (address == nullptr || dladdr(address, &info) == 0 || info.dli_sname == nullptr) return "";
  return info.dli_sname;
}

}  // namespace newproc
