// A goroutine that recurses for ever, in the world and with the P count of the command line.
#include <newproc.h>

#include <cstdlib>

namespace {

volatile int bottom = -1;  // never reached, which the compiler cannot know

int deeper(int n) {
  volatile char frame[512];
  frame[n % 512] = static_cast<char>(n);
  if (n == bottom) return 0;
  return deeper(n + 1) + frame[0];
}
void overflow(void*) { (void)deeper(0); }
void main_goroutine(void*) {
  rt_go_at(overflow, nullptr, "deep.cpp", 42);
  for (;;) rt_gosched();
}

}  // namespace

int main(int, char** argv) {
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.world = static_cast<unsigned>(std::atoi(argv[1]));
  config.procs = static_cast<unsigned>(std::atoi(argv[2]));
  rt_runtime* rt = nullptr;
  if (rt_new(&config, &rt) != RT_OK) return 1;
  rt_start_main(rt, main_goroutine, nullptr, nullptr);
  return 0;
}
