// fcontext.hpp: the switch. The only place that knows Boost.Context; raw contexts, no wrapper class,
// because a context here moves between threads and is resumed from many places.
#pragma once
#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace newproc {

using Context = boost::context::detail::fcontext_t;
using Transfer = boost::context::detail::transfer_t;
using ContextEntry = void (*)(Transfer);

/// A context that calls entry on the stack that ends at `top`. entry must not return.
inline Context make_context(void* top, std::size_t size, ContextEntry entry) {
  return boost::context::detail::make_fcontext(top, size, entry);
}
/// Leaves the current context and resumes `to`, which sees `data`; returns when somebody jumps back.
inline Transfer jump(Context to, void* data) { return boost::context::detail::jump_fcontext(to, data); }

}  // namespace newproc
