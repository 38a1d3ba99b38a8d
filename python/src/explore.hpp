// explore.hpp: what searches of patterns and of Python programs share.
#pragma once
#include <pybind11/pybind11.h>

#include <string>

#include "newproc.h"

namespace npy {

pybind11::dict dict_of(const rt_finding& f);
pybind11::dict dict_of(const rt_explored& done);
/// The texts outlive the options.
rt_explore_options options_from(const pybind11::dict& fields, std::string& driver, std::string& prefix);
rt_replay_options replay_options_from(const pybind11::dict& fields);
/// What `pick` answers, None being RT_STOP. Throws what Python raises, and where the answer is no number.
std::uint32_t ask(const pybind11::object& pick, const rt_question& q);

void bind_explore(pybind11::module_& m);
void bind_program(pybind11::module_& m);

}  // namespace npy
