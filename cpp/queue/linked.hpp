// linked.hpp: lists through a hook in each member, which can take itself off whichever list it is on.
#pragma once
#include <boost/intrusive/list.hpp>

namespace newproc {

/// A T that can be on two lists has two hooks, with a Tag for each.
template <class Tag>
using Hook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
template <class T, class Tag = T>
using Linked = boost::intrusive::list<T, boost::intrusive::base_hook<Hook<Tag>>, boost::intrusive::constant_time_size<false>>;

}  // namespace newproc
