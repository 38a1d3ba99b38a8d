// fdmutex.hpp: who may use a descriptor: one reader, one writer, and nobody once it is closed, while its number lives
// until the last of them has left. Go: internal/poll/fd_mutex.go
#pragma once
#include "sched/netpoll.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {

enum class Use : std::uint8_t { read, write };

/// Waits its turn. RT_ECLOSED; RT_ELIMIT more than a million calls at once. [parks]
rt_status fd_lock(M* m, PollDesc* pd, Use use);
/// True: it was closed, and this was the last user.
[[nodiscard]] bool fd_unlock(M* m, PollDesc* pd, Use use);
/// For calls that need no turn. RT_ECLOSED, RT_ELIMIT.
rt_status fd_ref(PollDesc* pd);
[[nodiscard]] bool fd_unref(PollDesc* pd);
/// No lock or ref succeeds from here on; those that wait fail. The caller has a ref. False: it was closed before.
bool fd_shut(M* m, Sched& s, PollDesc* pd);
/// Whoever held it is gone: the run is over. True: it was closed, and still had users.
[[nodiscard]] bool fd_forget_users(PollDesc* pd);
void fd_mutex_open(PollDesc* pd);
void fd_mutex_close(PollDesc* pd);  // that had no user
inline bool fd_is_open(const PollDesc* pd) { return (pd->mu.load(std::memory_order_relaxed) & 1) == 0; }

}  // namespace NEWPROC_NS
