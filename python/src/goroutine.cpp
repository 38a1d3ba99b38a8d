#include "goroutine.hpp"

#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace npy {
namespace {

constexpr std::size_t kMostPooled = 1024;  // each keeps a page or more of data stack
constexpr long kCBytesPerLevel = 3072;     // C stack that one level of C recursion takes at most (3.12, 3.13)

std::vector<PyThreadState*>& pool() {
  static auto* states = new std::vector<PyThreadState*>;  // guarded by the GIL
  return *states;
}

/// The M's own thread state, made at its first Python goroutine, freed when the thread ends.
struct MState {
  PyThreadState* state = nullptr;
  bool owned = false;
  ~MState() {
    if (!owned || state == nullptr || !Py_IsInitialized()) return;
    PyEval_RestoreThread(state);
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

PyThreadState* m_thread_state(const Run* run) {
  if (run->sim) return run->host;
  MState& m = this_m();
  if (m.state == nullptr) {
    m.state = PyThreadState_New(PyInterpreterState_Main());
    m.owned = true;
  }
  return m.state;
}

/// After a switch: this thread goes on as goroutine `state`.
void enter(const Run* run, PyThreadState* state) {
  PyThreadState* mine = m_thread_state(run);
  if (!run->sim) PyEval_RestoreThread(mine);
  newproc_bind_gilstate(state);
  PyThreadState_Swap(state);
}

/// Before a switch: the goroutine's state leaves this thread, through the M's.
void leave(const Run* run) {
  PyThreadState* mine = m_thread_state(run);
  newproc_bind_gilstate(mine);
  PyThreadState_Swap(mine);
  if (!run->sim) PyEval_SaveThread();
}

PyThreadState* take_state(const Run* run) {
  PyThreadState* state = nullptr;
  if (!pool().empty()) {
    state = pool().back();
    pool().pop_back();
  } else {
    state = PyThreadState_New(PyInterpreterState_Main());
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

void reset_state() {
  if (PyObject* dict = PyThreadState_GetDict()) PyDict_Clear(dict);  // threading.local
}

void give_state(PyThreadState* state) {
  if (pool().size() < kMostPooled) {
    pool().push_back(state);
    return;
  }
  PyThreadState_Clear(state);
  PyThreadState_Delete(state);
}

void keep_exception(Run* run) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  if (run->exception == nullptr) {
    run->exception = value;
    run->exception_goid = rt_goid();
  } else {
    Py_XDECREF(value);
  }
}

/// "TypeName: message" of the exception that is set.
std::string describe(PyObject* exception) {
  std::string text = Py_TYPE(exception)->tp_name;
  PyObject* message = PyObject_Str(exception);
  if (message == nullptr) {
    PyErr_Clear();
    return text;
  }
  const char* utf8 = PyUnicode_AsUTF8(message);
  if (utf8 == nullptr) PyErr_Clear();
  if (utf8 != nullptr && utf8[0] != '\0') text += std::string(": ") + utf8;
  Py_DECREF(message);
  return text;
}

PyObject* error_class(const char* name) {
  PyObject* module = PyImport_ImportModule("newproc._errors");
  if (module == nullptr) return nullptr;
  PyObject* found = PyObject_GetAttrString(module, name);
  Py_DECREF(module);
  return found;
}

/// True where the exception that is set is GoExit, which it clears.
bool take_goexit() {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);  // an import must not run with an error set
  PyObject* goexit = error_class("GoExit");
  const bool is = goexit != nullptr && PyErr_GivenExceptionMatches(type, goexit);
  Py_XDECREF(goexit);
  PyErr_Restore(type, value, traceback);
  if (is) PyErr_Clear();
  return is;
}

/// Runs the callable. Empty: it ended well; else the text of the panic. `exited`: by goexit.
std::string call(Goroutine* g, bool& exited) {
  if (PyContext_Enter(g->context) != 0) PyErr_Clear();
  PyObject* result = PyObject_Call(g->fn, g->args, g->kwargs);
  std::string panic;
  if (result != nullptr) {
    Py_DECREF(result);
  } else if (exited = take_goexit(); !exited) {
    keep_exception(g->run);
    panic = g->run->exception != nullptr ? describe(g->run->exception) : "exception";
  }
  if (PyContext_Exit(g->context) != 0) PyErr_Clear();
  return panic;
}

Goroutine* current() { return static_cast<Goroutine*>(rt_get_labels()); }

PyObject* outside(const char* name) {
  PyObject* place = error_class("PlaceError");
  if (place != nullptr) {
    PyErr_Format(place, "newproc.%s(): called outside of goroutines; call it from a function that newproc.run or newproc.go started", name);
    Py_DECREF(place);
  }
  return nullptr;
}

template <class F>
PyObject* parked(const char* name, F&& f) {
  if (!in_goroutine(name)) return nullptr;
  const rt_status status = parked_status(name, f);
  if (status != RT_OK) return raise_status(status);
  Py_RETURN_NONE;
}

PyObject* py_gosched(PyObject*, PyObject*) { return parked("gosched", rt_gosched); }
PyObject* py_goyield(PyObject*, PyObject*) { return parked("goyield", rt_goyield); }
PyObject* py_checkpoint(PyObject*, PyObject*) { return parked("checkpoint", rt_checkpoint); }

PyObject* py_gomaxprocs(PyObject*, PyObject* arg) {
  const long n = PyLong_AsLong(arg);
  if (n == -1 && PyErr_Occurred()) return nullptr;
  if (n < 0 || n > 1024) return PyErr_Format(PyExc_ValueError, "newproc.gomaxprocs(n): n is %ld; give 1 to 1024, or 0 to ask", n);
  std::uint32_t old = 0;
  PyObject* done = parked("gomaxprocs", [&] { return rt_gomaxprocs(nullptr, static_cast<std::uint32_t>(n), &old); });
  if (done == nullptr) return nullptr;
  Py_DECREF(done);
  return PyLong_FromUnsignedLong(old);
}

PyObject* simple(const char* name, rt_status (*f)()) {
  if (rt_current() == nullptr) return outside(name);
  const rt_status status = f();
  if (status != RT_OK) return raise_status(status);
  Py_RETURN_NONE;
}
PyObject* py_lock(PyObject*, PyObject*) { return simple("lock_os_thread", rt_lock_os_thread); }
PyObject* py_unlock(PyObject*, PyObject*) { return simple("unlock_os_thread", rt_unlock_os_thread); }
PyObject* py_goid(PyObject*, PyObject*) { return PyLong_FromUnsignedLongLong(rt_goid()); }

PyObject* py_get_labels(PyObject*, PyObject*) {
  Goroutine* g = rt_current() != nullptr ? current() : nullptr;
  if (g == nullptr) return outside("get_labels");
  return Py_NewRef(g->labels);
}

PyObject* py_set_labels(PyObject*, PyObject* labels) {
  Goroutine* g = rt_current() != nullptr ? current() : nullptr;
  if (g == nullptr) return outside("set_labels");
  Py_XSETREF(g->labels, Py_NewRef(labels));
  Py_RETURN_NONE;
}

/// GIL held. The frames of g stand on a stack that is given up, and are not unwound; the interpreter must not find
/// them any more: 3.14's garbage collector walks the frames of every thread state.
void drop_held(Goroutine* g) {
  if (PyThreadState* state = g->state; state != nullptr) {
#if PY_VERSION_HEX >= 0x030B0000
    state->datastack_chunk = nullptr;  // a frame object may still point there: that memory is left alone
#endif
    PyThreadState_Clear(state);
    PyThreadState_Delete(state);
    g->state = nullptr;
  }
  free_goroutine(g);
}

extern "C" void drop_goroutine(void* raw) {
  auto* g = static_cast<Goroutine*>(raw);
  const Run* run = g->run;
  const bool sim = run->sim;
  if (!sim) PyEval_RestoreThread(run->host);
  drop_held(g);
  if (!sim) PyEval_SaveThread();
}

/// go(fn, args, kwargs, file, line, name): file and name are interned strings, kept for good.
PyObject* py_go(PyObject*, PyObject* all) {
  PyObject *fn, *args, *kwargs;
  const char *file, *name;
  int line;
  if (!PyArg_ParseTuple(all, "OO!O!sis:go", &fn, &PyTuple_Type, &args, &PyDict_Type, &kwargs, &file, &line, &name)) return nullptr;
  Goroutine* parent = rt_current() != nullptr ? current() : nullptr;
  if (parent == nullptr) return outside("go");
  Goroutine* g = make_goroutine(parent->run, fn, args, kwargs, parent->labels);
  if (g == nullptr) return nullptr;
  rt_spawn spawn{};
  spawn.struct_size = sizeof spawn;
  spawn.fn = goroutine_entry;
  spawn.arg = g;
  spawn.file = file;
  spawn.line = line;
  spawn.name = name;
  spawn.on_drop = drop_goroutine;
  std::uint64_t goid = 0;
  PyThreadState* state = PyThreadState_Get();
  const rt_status status = rt_newproc_ex(nullptr, &spawn, &goid);
  if (parent->run->sim) {  // another simulated M ran its goroutines meanwhile
    newproc_bind_gilstate(state);
    PyThreadState_Swap(state);
  }
  if (status == RT_OK) return PyLong_FromUnsignedLongLong(goid);
  free_goroutine(g);
  return raise_status(status);
}

}  // namespace

bool in_goroutine(const char* name) {
  if (rt_current() != nullptr && current() != nullptr) return true;
  outside(name);
  return false;
}

Away::Away() : run_(current()->run), state_(PyThreadState_Get()) { leave(run_); }
Away::~Away() { enter(run_, state_); }

Stay::Stay() : state_(rt_current() != nullptr && current() != nullptr && current()->run->sim ? PyThreadState_Get() : nullptr) {}
Stay::~Stay() {
  if (state_ == nullptr) return;
  newproc_bind_gilstate(state_);
  PyThreadState_Swap(state_);
}

PyObject* raise_status(rt_status status) {
  PyObject* make = error_class("error_for");
  if (make == nullptr) return nullptr;
  PyObject* error = PyObject_CallFunction(make, "iss", static_cast<int>(status), rt_status_name(status), rt_last_error());  // RT_EPANIC: Panic
  Py_DECREF(make);
  if (error == nullptr) return nullptr;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error)), error);
  Py_DECREF(error);
  return nullptr;
}

Goroutine* make_goroutine(Run* run, PyObject* fn, PyObject* args, PyObject* kwargs, PyObject* labels) {
  if (!PyCallable_Check(fn)) {
    PyErr_Format(PyExc_TypeError, "fn is %R, which cannot be called; give a function", fn);
    return nullptr;
  }
  PyObject* context = PyContext_CopyCurrent();
  if (context == nullptr) return nullptr;
  auto* g = new (std::nothrow) Goroutine;
  if (g == nullptr) {
    Py_DECREF(context);
    PyErr_NoMemory();
    return nullptr;
  }
  g->run = run;
  g->fn = Py_NewRef(fn);
  g->args = Py_NewRef(args);
  g->kwargs = Py_NewRef(kwargs);
  g->labels = Py_NewRef(labels);
  g->context = context;
  return g;
}

void drop_main(Run* run) {
  if (run->main != nullptr) drop_held(run->main);
}

void free_goroutine(Goroutine* g) {
  if (g->run->main == g) g->run->main = nullptr;
  for (PyObject* each : {g->fn, g->args, g->kwargs, g->context, g->labels}) Py_XDECREF(each);
  delete g;
}

extern "C" void goroutine_entry(void* raw) {
  auto* g = static_cast<Goroutine*>(raw);
  Run* run = g->run;
  rt_set_labels(g);
  rt_catch_panics(1);  // they become exceptions
  PyThreadState* mine = m_thread_state(run);
  if (!run->sim) PyEval_RestoreThread(mine);
  PyThreadState* state = take_state(run);
  if (state == nullptr) {
    if (!run->sim) PyEval_SaveThread();
    rt_panic("no memory for a Python thread state");
  }
  g->state = state;
  newproc_bind_gilstate(state);
  PyThreadState_Swap(state);
  bool exited = false;
  const std::string panic = call(g, exited);  // may come back on another thread
  reset_state();
  PyThreadState* now = m_thread_state(run);
  newproc_bind_gilstate(now);
  PyThreadState_Swap(now);
  g->state = nullptr;
  give_state(state);
  if (panic.empty()) {
    free_goroutine(g);
    if (!run->sim) PyEval_SaveThread();
    if (exited) rt_goexit();  // main's Goexit is not main's return
    return;
  }
  if (!run->sim) PyEval_SaveThread();
  rt_panic(panic.c_str());  // does not return; on_drop frees g
}

void set_this_m(PyThreadState* state) {
  this_m().state = state;
  this_m().owned = false;
}

PyMethodDef parking_methods[] = {
    {"go", py_go, METH_VARARGS, nullptr},
    {"gosched", py_gosched, METH_NOARGS, nullptr},
    {"goyield", py_goyield, METH_NOARGS, nullptr},
    {"checkpoint", py_checkpoint, METH_NOARGS, nullptr},
    {"gomaxprocs", py_gomaxprocs, METH_O, nullptr},
    {"lock_os_thread", py_lock, METH_NOARGS, nullptr},
    {"unlock_os_thread", py_unlock, METH_NOARGS, nullptr},
    {"goid", py_goid, METH_NOARGS, nullptr},
    {"get_labels", py_get_labels, METH_NOARGS, nullptr},
    {"set_labels", py_set_labels, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace npy
