// pattern.hpp: a pattern that Python holds, for the files that run it.
#pragma once
#include <pybind11/pybind11.h>

#include <string>

#include "newproc.h"

namespace npy {

class Pattern {
 public:
  explicit Pattern(const std::string& text);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  std::string name() const { return rt_pattern_name(pattern_); }
  const rt_pattern* get() const { return pattern_; }
  /// (log, rc, end, TraceBuffer or None, snapshot dict or None)
  pybind11::tuple run(const pybind11::dict& settings, const pybind11::dict& limits, bool want_snapshot) const;

 private:
  rt_pattern* pattern_ = nullptr;
};

/// The same five of a result, which is freed.
pybind11::tuple result_tuple(rt_result* raw);

}  // namespace npy
