#include "base/error.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace newproc {
namespace {

constexpr std::size_t kSentenceBytes = 1024;

// One pointer of TLS: a library that is dlopened gets little static TLS, and the buffer is rarely needed.
struct Sentence {
  char* text = nullptr;
  ~Sentence() { std::free(text); }
};
thread_local Sentence sentence;

// noinline: a goroutine may have moved to another thread since its frame last computed a TLS address.
[[gnu::noinline]] char* buffer() {
  if (sentence.text == nullptr) {
    sentence.text = static_cast<char*>(std::malloc(kSentenceBytes));
    if (sentence.text != nullptr) sentence.text[0] = '\0';
  }
  return sentence.text;
}

}  // namespace

rt_status fail(rt_status status, const char* format, ...) {
  char* text = buffer();
  if (text == nullptr) return status;
  std::va_list args;
  va_start(args, format);
  std::vsnprintf(text, kSentenceBytes, format, args);
  va_end(args);
  return status;
}

const char* last_error() {
  const char* text = buffer();
  return text != nullptr ? text : "";
}

}  // namespace newproc
