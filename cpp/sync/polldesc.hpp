// polldesc.hpp: what goroutines do with a PollDesc: wait, with deadlines, until it is closed. Go: netpoll.go:226-640
#pragma once
#include "sync/fdmutex.hpp"

namespace NEWPROC_NS {

inline constexpr std::int64_t kNoDeadline = kMaxWhen;

/// A PollDesc from the cache, and the poller behind it. Null: *error says what the system refused.
PollDesc* poll_alloc(Sched& s, int* error);
/// Registers sysfd. 0 or an errno, and it is still the caller's.
int poll_open(Sched& s, PollDesc* pd, bool read, bool write);
/// Nobody is told about it any more; sysfd is still open.
void poll_close(Sched& s, PollDesc* pd);
void poll_free(Sched& s, PollDesc* pd);

/// Before an operation is tried: forgets what was ready. RT_ECLOSED, RT_ETIMEOUT; RT_ENOTSUP it cannot be read.
rt_status poll_reset(PollDesc* pd, Use use);
/// After it would have had to wait: until it may be tried again. [parks]
rt_status poll_wait(PollDesc* pd, Use use);
/// when: ns of the world's clock, kNoDeadline: none. RT_ENOMEM: none is set.
rt_status poll_set_deadline(M* m, PollDesc* pd, std::int64_t when, bool read, bool write);
/// Whoever waits gets RT_ECLOSED. m null: the caller is no M.
void poll_unblock(M* m, Sched& s, PollDesc* pd);

}  // namespace NEWPROC_NS
