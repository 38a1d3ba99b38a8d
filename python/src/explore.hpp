// explore.hpp: what searches of patterns and of Python programs share.
#pragma once
#include <pybind11/pybind11.h>

#include <deque>
#include <string>
#include <vector>

#include "newproc.h"

namespace npy {

pybind11::dict dict_of(const rt_finding& f);
pybind11::dict dict_of(const rt_explored& done);
/// The texts outlive the options.
rt_explore_options options_from(const pybind11::dict& fields, std::string& driver, std::string& prefix);
rt_replay_options replay_options_from(const pybind11::dict& fields);
/// What `pick` answers, None being RT_STOP. Throws what Python raises, and where the answer is no number.
std::uint32_t ask(const pybind11::object& pick, const rt_question& q);

/// Properties of a user's own, for one call: of (name, eventually, fn) in Python, fn returning None where it holds.
class Properties {
 public:
  struct One {
    pybind11::object fn;
    std::string name, why;
    void* owner;
    /// On a thread state that may run Python. Throws what fn raises.
    int look(const rt_moment& now, const char** text);
  };
  /// `check` is called with a One, and its owner is `owner`.
  Properties(const pybind11::list& asked, rt_property_func check, void* owner);
  Properties(const Properties&) = delete;
  template <class Options>
  void put(Options& o) const {
    o.properties = list_.data();
    o.nproperties = list_.size();
  }

 private:
  std::deque<One> all_;
  std::vector<rt_property> list_;
};

void bind_explore(pybind11::module_& m);
void bind_program(pybind11::module_& m);

}  // namespace npy
