// explore_program.hpp: a pattern for tests of cpp/explore from within.
#pragma once
#include <doctest/doctest.h>

#include <string>

#include "pattern/program.hpp"

inline newproc::pattern::Program program_of(const std::string& json) {
  newproc::pattern::Program program;
  std::string why;
  REQUIRE_MESSAGE(newproc::pattern::parse(json.data(), json.size(), program, why), why);
  return program;
}
