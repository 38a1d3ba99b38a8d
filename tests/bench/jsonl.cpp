// jsonl.cpp: small spawn patterns a second through rt_pattern_run_jsonl, a pattern a line.
//   bench_jsonl [PATTERNS [REPEATS]]   default: 20000 7
#include <cstdio>
#include <string>

#include "clock.hpp"
#include "adapter.hpp"

namespace {

/// Up to a dozen goroutines each: a fan, a tree, yields in turns, a shared variable, an early end.
constexpr const char* kPatterns[] = {
    R"({"name":"fan","bodies":[[["loop",8,[["go",1]]],["yield"],["mark",1]],[["mark",2]]]})",
    R"({"name":"tree","bodies":[[["go",1],["go",1],["yield"],["yield"],["snap"]],[["go",2],["go",2],["yield"]],[["mark",3]]]})",
    R"({"name":"turns","bodies":[[["go",1],["go",1],["loop",6,[["yield"]]]],[["loop",3,[["mark",4],["yield"]]]]]})",
    R"({"name":"share","vars":1,"bodies":[[["loop",4,[["go",1]]],["yield"],["assert",0,4]],[["inc",0]]]})",
    R"({"name":"goexit","bodies":[[["go",1],["yield"],["mark",1]],[["mark",2],["goexit"],["mark",3]]]})"};

int count_line(void* lines, const char*, size_t) {
  ++*static_cast<long*>(lines);
  return 0;
}

double run_all(const std::string& text, long expected) {
  long lines = 0;
  const double ns = bench::time_ns([&] {
    bench::check(rt_pattern_run_jsonl(text.data(), text.size(), nullptr, nullptr, count_line, &lines), "rt_pattern_run_jsonl");
  });
  if (lines == expected) return ns;
  std::fprintf(stderr, "rt_pattern_run_jsonl wrote %ld lines for %ld patterns\n", lines, expected);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr const char* kUsage = "bench_jsonl [PATTERNS [REPEATS]]";
  const long patterns = bench::number_argument(argc, argv, 1, 20'000, kUsage);
  const long repeats = bench::number_argument(argc, argv, 2, 7, kUsage);
  std::string text;
  for (long i = 0; i < patterns; ++i) text.append(kPatterns[i % std::size(kPatterns)]).append("\n");
  run_all(text, patterns);  // warm
  std::vector<double> ns;
  for (long i = 0; i < repeats; ++i) ns.push_back(run_all(text, patterns));
  std::printf("RESULT jsonl 1 patterns=%ld patterns_per_s=%.0f us_each=%.2f\n", patterns,
              static_cast<double>(patterns) * 1e9 / bench::median(ns), bench::median(ns) / static_cast<double>(patterns) / 1000);
}
