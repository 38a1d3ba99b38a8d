#include "state.hpp"

#include <atomic>
#include <vector>

namespace npy {
namespace {

constexpr std::size_t kMostPooled = 1024;
constexpr long kCBytesPerLevel = 3072;  // C stack that one level of C recursion takes at most (3.12, 3.13)

std::vector<PyThreadState*>& pool() {
  static auto* states = new std::vector<PyThreadState*>;  // guarded by the GIL
  return *states;
}

struct MState;
/// Those that have executed a goroutine.
std::vector<MState*>& all_ms() {
  static auto* ms = new std::vector<MState*>;  // guarded by the GIL
  return *ms;
}

// PyThreadState_SetAsyncExc finds a state by its thread's number, and those of our states are not their threads':
// for the call, the one that is meant has a number that no other has.
void raise_in(PyThreadState* state, PyObject* exception) {
  const unsigned long number = state->thread_id;
  state->thread_id = reinterpret_cast<unsigned long>(state);
  PyThreadState_SetAsyncExc(state->thread_id, exception);
  state->thread_id = number;
}

/// The M's own thread state, made at its first Python goroutine, freed when the thread ends.
struct MState {
  PyThreadState* state = nullptr;
  bool owned = false;
  bool linked = false;  // this and what follows: guarded by the GIL
  const Run* run = nullptr;
  PyThreadState* running = nullptr;  // the goroutine's that it executes

  void unlink() {
    std::erase(all_ms(), this);
    linked = false;
  }
  void executes(const Run* of, PyThreadState* goroutine) {
    if (__builtin_expect(!linked, 0)) {
      all_ms().push_back(this);
      linked = true;
    }
    run = of;
    running = goroutine;
    if (__builtin_expect(of->over != nullptr, 0) && goroutine != nullptr) raise_in(goroutine, of->over);
  }
  PyThreadState* own_state() {
    if (__builtin_expect(state == nullptr, 0)) {
      state = PyThreadState_New(PyInterpreterState_Main());
      owned = true;
    }
    return state;
  }
  ~MState() {
    if (!owned || state == nullptr || !Py_IsInitialized()) return;
    PyEval_RestoreThread(state);
    unlink();
    PyThreadState_Clear(state);
    PyThreadState_DeleteCurrent();
  }
};
thread_local MState m_state;

// noinline and the barrier: a goroutine may be on another thread than when it last came here.
[[gnu::noinline]] MState& this_m() {
  MState* m = &m_state;
  asm volatile("" : "+r"(m)::"memory");
  return *m;
}

// The data stack, from 3.11 on, has the frames of Python functions, in chunks of 16 KiB: a page for each goroutine
// that has called any, most of it unused. A state of ours begins with a chunk that holds a few frames. What does not
// fit goes to a chunk as ever; a function called again and again at that edge would map and unmap it each time,
// so chunks are kept.
#if PY_VERSION_HEX >= 0x030B0000
constexpr std::size_t kFirstChunk = 1000;  // with malloc's own word, 1 KiB
constexpr std::size_t kChunk = 16 * 1024;  // DATA_STACK_CHUNK_SIZE
constexpr int kMostChunks = 64;

PyObjectArenaAllocator arenas;
std::atomic_flag chunks_lock = ATOMIC_FLAG_INIT;  // some versions free a thread's chunk without the GIL
void* chunks[kMostChunks];
int nchunks = 0;

class ChunksLock {
 public:
  ChunksLock() {
    while (chunks_lock.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~ChunksLock() { chunks_lock.clear(std::memory_order_release); }
  ChunksLock(const ChunksLock&) = delete;
};

void* arena_alloc(void*, std::size_t size) {
  if (size == kChunk) {
    const ChunksLock lock;
    if (nchunks > 0) return chunks[--nchunks];
  }
  return arenas.alloc(arenas.ctx, size);
}

void arena_free(void*, void* memory, std::size_t size) {
  if (size == kChunk) {
    const ChunksLock lock;
    if (nchunks < kMostChunks) {
      chunks[nchunks++] = memory;
      return;
    }
  }
  arenas.free(arenas.ctx, memory, size);
}

bool give_first_chunk(PyThreadState* state) {
  auto* chunk = static_cast<_PyStackChunk*>(PyMem_RawMalloc(kFirstChunk));
  if (chunk == nullptr) return false;
  chunk->previous = nullptr;
  chunk->size = kFirstChunk;
  chunk->top = 0;
  state->datastack_chunk = chunk;
  state->datastack_top = &chunk->data[1];  // as CPython's own first chunk: the first is never popped
  state->datastack_limit = reinterpret_cast<PyObject**>(reinterpret_cast<char*>(chunk) + kFirstChunk);
  return true;
}

/// Nobody but us knows how to free it. nullptr: frames still stand on others.
void* take_first_chunk(PyThreadState* state) {
  void* chunk = state->datastack_chunk != nullptr && state->datastack_chunk->size == kFirstChunk ? state->datastack_chunk : nullptr;
  state->datastack_chunk = nullptr;
  state->datastack_top = state->datastack_limit = nullptr;
  return chunk;
}
#endif

void delete_state(PyThreadState* state) {
  PyThreadState_Clear(state);
#if PY_VERSION_HEX >= 0x030B0000
  void* chunk = take_first_chunk(state);
  PyThreadState_Delete(state);
  PyMem_RawFree(chunk);
#else
  PyThreadState_Delete(state);
#endif
}

PyThreadState* new_state() {
  PyThreadState* state = PyThreadState_New(PyInterpreterState_Main());
#if PY_VERSION_HEX >= 0x030B0000
  if (state != nullptr && state->datastack_chunk == nullptr && !give_first_chunk(state)) {
    PyThreadState_Clear(state);
    PyThreadState_Delete(state);
    return nullptr;
  }
#endif
  return state;
}

}  // namespace

void set_this_m(PyThreadState* state) {
  MState& m = this_m();
  m.state = state;
  m.owned = false;
  if (state == nullptr) m.unlink();
}

PyThreadState* m_thread_state(const Run* run) {
  return run->sim ? run->host : this_m().own_state();
}

void swap_to(PyThreadState* state) {
  newproc_bind_gilstate(state);
  PyThreadState_Swap(state);
}

void enter(const Run* run, PyThreadState* state) {
  if (run->sim) return swap_to(state);
  MState& m = this_m();
  PyEval_RestoreThread(m.own_state());
  swap_to(state);
  m.executes(run, state);
}

void leave(const Run* run) {
  if (run->sim) return swap_to(run->host);
  MState& m = this_m();
  swap_to(m.own_state());
  m.running = nullptr;
  PyEval_SaveThread();
}

void executes(const Run* run, PyThreadState* state) {
  if (!run->sim) this_m().executes(run, state);
}

void end_running(Run* run, PyObject* exception) {
  run->over = exception;
  const PyThreadState* self = PyThreadState_Get();
  for (const MState* m : all_ms())
    if (m->run == run && m->running != nullptr && m->running != self) raise_in(m->running, exception);
}

PyThreadState* take_state(const Run* run) {
  PyThreadState* state = nullptr;
  if (!pool().empty()) {
    state = pool().back();
    pool().pop_back();
  } else {
    state = new_state();
  }
  if (state == nullptr) return nullptr;
#if PY_VERSION_HEX >= 0x030E0000
  const auto here = reinterpret_cast<char*>(__builtin_frame_address(0));
  const std::size_t usable = run->stack_bytes - 16 * 1024;
  PyUnstable_ThreadState_SetStackProtection(state, here - usable, usable);
#elif PY_VERSION_HEX >= 0x030C0000
  state->c_recursion_remaining = static_cast<int>(run->stack_bytes / kCBytesPerLevel);
#else
  (void)run;
#endif
  return state;
}

void give_state(PyThreadState* state) {
  Py_CLEAR(state->async_exc);  // of end_running, come too late
  if (pool().size() < kMostPooled)
    pool().push_back(state);
  else
    delete_state(state);
}

void drop_state(PyThreadState* state) {
#if PY_VERSION_HEX >= 0x030B0000
  take_first_chunk(state);  // a frame object may still point there, or to the chunks behind: that memory is left alone
#endif
  PyThreadState_Clear(state);
  PyThreadState_Delete(state);
}

void keep_chunks() {
#if PY_VERSION_HEX >= 0x030B0000
  PyObject_GetArenaAllocator(&arenas);
  PyObjectArenaAllocator ours = {nullptr, arena_alloc, arena_free};
  PyObject_SetArenaAllocator(&ours);
#endif
}

}  // namespace npy
