// A goroutine that overflows its stack. Arguments: the world, how many Ps, and
//   guarded    it recurses for ever and meets the guard page
//   unguarded  there is no guard page: it recurses a little too deep, returns, and yields
#include <newproc.h>

#include <cstdlib>
#include <cstring>

namespace {

constexpr std::size_t kPastTheEnd = 3584;  // bytes of a stack's size that are left when the recursion turns back
std::size_t depth = 0;                     // bytes; 0: no end

volatile int bottom = -1;  // never reached, which the compiler cannot know

int deeper(int n, const char* top) {
  volatile char frame[512];
  for (volatile char& byte : frame) byte = static_cast<char>(n);
  if (n == bottom || (depth != 0 && static_cast<std::size_t>(top - const_cast<const char*>(frame)) > depth)) return 0;
  return deeper(n + 1, top) + frame[0];
}
void overflow(void*) {
  char here = 0;
  (void)deeper(0, &here);
  rt_gosched();
}
void main_goroutine(void*) {
  rt_go_at(overflow, nullptr, "deep.cpp", 42);
  for (;;) rt_gosched();
}
int no_guards(void*, int kind) { return kind == RT_FAULT_GUARD; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.world = static_cast<unsigned>(std::atoi(argv[1]));
  config.procs = static_cast<unsigned>(std::atoi(argv[2]));
  if (std::strcmp(argv[3], "unguarded") == 0) {
    config.fault = no_guards;
    depth = config.stack_size - kPastTheEnd;
  }
  rt_runtime* rt = nullptr;
  if (rt_new(&config, &rt) != RT_OK) return 1;
  rt_start_main(rt, main_goroutine, nullptr, nullptr);
  return 0;
}
