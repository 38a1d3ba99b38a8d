#include "base/throw.hpp"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace newproc {

void gothrow(const char* text) {
  // write(2) alone: the heap or stdio may be what broke.
  const char head[] = "fatal error: ";
  (void)!write(2, head, sizeof head - 1);
  (void)!write(2, text, std::strlen(text));
  (void)!write(2, "\n", 1);
  std::abort();
}

}  // namespace newproc
