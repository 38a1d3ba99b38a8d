#include "goroutine.hpp"

#include "locks.hpp"
#include "scope.hpp"
#include "search.hpp"

namespace npy {
namespace {

/// The goroutine that was looked for last. Guarded by the GIL.
struct {
  PyThreadState* state = nullptr;
  Goroutine* g = nullptr;
} known;

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

void keep_exception(Run* run) {
  PyObject* value = take_exception();
  if (run->exception == nullptr) {
    run->panic = run->search != nullptr ? panic_in_search(value, describe(value)) : describe(value);
    run->exception = value;
    run->exception_goid = rt_goid();
  } else {
    Py_XDECREF(value);
  }
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

enum class Ended { well, exited, panicked };

/// What a callable that raised means for its goroutine. Rare, and its frame is kept off the others' stacks.
[[gnu::noinline]] Ended ended_badly(Goroutine* g) {
  if (take_goexit()) return Ended::exited;
  keep_exception(g->run);
  return Ended::panicked;
}

Ended call(Goroutine* g) {
  if (PyContext_Enter(g->context) != 0) PyErr_Clear();
  PyObject* result = PyObject_Vectorcall(g->fn, g->args(), g->nargs | PY_VECTORCALL_ARGUMENTS_OFFSET, g->kwnames);
  Ended ended = Ended::well;
  if (__builtin_expect(result != nullptr, 1))
    Py_DECREF(result);
  else
    ended = ended_badly(g);
  if (PyContext_Exit(g->context) != 0) PyErr_Clear();
  if (g->waitgroup != nullptr && !waitgroup_done(g)) ended = ended_badly(g);
  if (g->state->dict != nullptr) PyDict_Clear(g->state->dict);  // threading.local
  return ended;
}

PyObject* outside(const char* name) {
  if (PyObject* place = error_class("PlaceError"); place != nullptr) {
    PyErr_Format(place, "newproc.%s(): called outside of goroutines; call it from a function that newproc.run or newproc.go started", name);
    Py_DECREF(place);
  }
  return nullptr;
}

template <class F>
PyObject* parked(const char* name, F&& f) {
  const Goroutine* g = in_goroutine(name);
  return g != nullptr ? none_or(parked_status(g, f)) : nullptr;
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
  return none_or(f());
}
PyObject* py_lock(PyObject*, PyObject*) { return simple("lock_os_thread", rt_lock_os_thread); }
PyObject* py_unlock(PyObject*, PyObject*) { return simple("unlock_os_thread", rt_unlock_os_thread); }
PyObject* py_goid(PyObject*, PyObject*) { return PyLong_FromUnsignedLongLong(rt_goid()); }

PyDoc_STRVAR(blocking_doc,
"blocking($module, fn, /, *args, **kwargs)\n--\n\n"
"Return ``fn(*args, **kwargs)``, which may block its thread: the P goes to another M at once, and other goroutines go on whenever\n"
"fn releases the GIL. Whatever parks or yields raises PlaceError in it. In the sim world everything waits. proc.go:4092");

PyObject* py_blocking(PyObject*, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
  if (nargs < 1) return PyErr_Format(PyExc_TypeError, "newproc.blocking(fn, *args, **kwargs): fn is missing; give a function");
  Goroutine* g = in_goroutine("blocking");
  if (g == nullptr) return nullptr;
  if (const rt_status s = unparked(g, rt_entersyscallblock); s != RT_OK) return raise_status(s);
  PyObject* result = PyObject_Vectorcall(args[0], args + 1, static_cast<std::size_t>(nargs - 1), kwnames);
  const rt_status s = parked_status(g, rt_exitsyscall);  // waits for a P, and so without the GIL
  if (s == RT_OK) return result;
  Py_XDECREF(result);
  return raise_status(s);
}

/// A thread that is no M will wake this goroutine.
PyObject* py_hold(PyObject*, PyObject*) {
  Goroutine* g = in_goroutine("hold");
  if (g == nullptr) return nullptr;
  if (g->run->search != nullptr) return no_other_threads();
  const rt_status s = rt_hold(nullptr);
  if (s == RT_OK) ++g->run->holds;
  return none_or(s);
}
PyObject* py_release(PyObject*, PyObject*) {
  Goroutine* g = in_goroutine("release");
  if (g == nullptr) return nullptr;
  const rt_status s = rt_release(nullptr);
  if (s == RT_OK) --g->run->holds;
  return none_or(s);
}
PyObject* py_is_sim(PyObject*, PyObject*) {
  const Goroutine* g = in_goroutine("is_sim");
  return g != nullptr ? PyBool_FromLong(g->run->sim) : nullptr;
}

PyObject* py_get_labels(PyObject*, PyObject*) {
  Goroutine* g = in_goroutine("get_labels");
  return g != nullptr ? Py_NewRef(g->labels) : nullptr;
}

PyObject* py_set_labels(PyObject*, PyObject* labels) {
  Goroutine* g = in_goroutine("set_labels");
  if (g == nullptr) return nullptr;
  Py_XSETREF(g->labels, Py_NewRef(labels));
  Py_RETURN_NONE;
}

/// The run is over.
void end_others(Run* run) {
  PyObject* goexit = error_class("GoExit");
  if (goexit == nullptr) return PyErr_Clear();
  end_running(run, goexit);
  Py_DECREF(goexit);  // its module has it
}

void drop_held(Goroutine* g) {
  abandon_scopes(g);
  if (g->state != nullptr) drop_state(g->state);
  free_goroutine(g);
}

}  // namespace

PyObject* take_exception() {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return value;
}

PyObject* error_class(const char* name) {
  PyObject* module = PyImport_ImportModule("newproc._errors");
  if (module == nullptr) return nullptr;
  PyObject* found = PyObject_GetAttrString(module, name);
  Py_DECREF(module);
  return found;
}

Goroutine* running() {
  PyThreadState* state = PyThreadState_Get();
  if (__builtin_expect(known.state == state, 1)) return known.g;
  if (rt_current() == nullptr) return nullptr;
  auto* g = static_cast<Goroutine*>(rt_get_labels());
  if (g == nullptr || g->state != state) return nullptr;
  known = {state, g};
  return g;
}

void runs_none() { known = {PyThreadState_Get(), nullptr}; }

Goroutine* in_goroutine(const char* name) {
  Goroutine* g = running();
  if (__builtin_expect(g == nullptr, 0)) {
    outside(name);
  } else if (__builtin_expect(g->run->search != nullptr, 0)) {
    say_operation(g, name, nullptr);
  }
  return g;
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

Goroutine* make_goroutine(Run* run, const Call& call, PyObject* labels) {
  if (!PyCallable_Check(call.fn)) {
    PyErr_Format(PyExc_TypeError, "fn is %R, which cannot be called; give a function", call.fn);
    return nullptr;
  }
  PyObject* context = PyContext_CopyCurrent();
  if (context == nullptr) return nullptr;
  const std::size_t nall = call.nargs + (call.kwnames != nullptr ? static_cast<std::size_t>(PyTuple_GET_SIZE(call.kwnames)) : 0);
  auto* g = static_cast<Goroutine*>(PyObject_Malloc(sizeof(Goroutine) + (nall + 1) * sizeof(PyObject*)));
  if (g == nullptr) {
    Py_DECREF(context);
    PyErr_NoMemory();
    return nullptr;
  }
  *g = Goroutine{};
  g->run = run;
  g->fn = Py_NewRef(call.fn);
  g->kwnames = Py_XNewRef(call.kwnames);
  g->labels = Py_NewRef(labels);
  g->context = context;
  g->nargs = call.nargs;
  g->nall = nall;
  for (std::size_t i = 0; i < nall; ++i) g->args()[i] = Py_NewRef(call.args[i]);
  return g;
}

void drop_main(Run* run) {
  if (run->main != nullptr) drop_held(run->main);
}

void free_goroutine(Goroutine* g) {
  if (known.g == g) known = {};
  if (g->run->main == g) g->run->main = nullptr;
  for (PyObject* each : {g->fn, g->kwnames, g->context, g->labels, g->waitgroup}) Py_XDECREF(each);
  for (std::size_t i = 0; i < g->nall; ++i) Py_DECREF(g->args()[i]);
  PyObject_Free(g);
}

extern "C" void drop_goroutine(void* raw) {
  auto* g = static_cast<Goroutine*>(raw);
  const Run* run = g->run;
  const bool sim = run->sim;
  if (!sim) PyEval_RestoreThread(run->host);
  else swap_to(run->host);  // the run may have ended in the middle of g's own operation
  drop_held(g);
  if (!sim) PyEval_SaveThread();
}

extern "C" void stop_goroutines(void* raw) {
  auto* run = static_cast<Run*>(raw);
  if (run->sim) return;
  PyEval_RestoreThread(run->host);
  end_others(run);
  PyEval_SaveThread();
}

extern "C" void goroutine_entry(void* raw) {
  auto* g = static_cast<Goroutine*>(raw);
  Run* run = g->run;
  rt_set_labels(g);
  rt_catch_panics(1);  // they become exceptions
  if (!run->sim) rt_set_preemptible(0);  // not with the GIL held; see tried()
  PyThreadState* mine = m_thread_state(run);
  if (!run->sim) PyEval_RestoreThread(mine);
  g->state = take_state(run);
  if (g->state == nullptr) {
    if (!run->sim) PyEval_SaveThread();
    rt_panic("no memory for a Python thread state");
  }
  swap_to(g->state);
  executes(run, g->state);
  known = {g->state, g};
  const bool traced = run->search != nullptr && trace_lines(run->search);
  const Ended ended = call(g);  // may come back on another thread
  if (traced) PyEval_SetTrace(nullptr, nullptr);
  swap_to(m_thread_state(run));
  executes(run, nullptr);
  known = {};
  if (!run->sim && (ended == Ended::panicked || (ended == Ended::well && g == run->main))) end_others(run);
  give_state(g->state);
  g->state = nullptr;
  if (ended != Ended::panicked) free_goroutine(g);
  if (!run->sim) PyEval_SaveThread();
  if (ended == Ended::exited) rt_goexit();  // main's Goexit is not main's return
  if (ended == Ended::panicked) rt_panic(run->panic.c_str());  // does not return; the runtime drops g
}

PyMethodDef parking_methods[] = {
    {"gosched", py_gosched, METH_NOARGS,
     "gosched()\n--\n\nYield: to the back of the queue that all Ps share. Go: runtime.Gosched."},
    {"goyield", py_goyield, METH_NOARGS,
     "goyield()\n--\n\nYield: to the end of this P's own ring. Go: goyield, proc.go:3828."},
    {"checkpoint", py_checkpoint, METH_NOARGS,
     "checkpoint()\n--\n\nYield if this goroutine has run for long and was asked to."},
    {"gomaxprocs", py_gomaxprocs, METH_O,
     "gomaxprocs(n, /)\n--\n\nSet the number of Ps, 1 to 1024, and return what it was; 0 only asks. Go: runtime.GOMAXPROCS."},
    {"lock_os_thread", py_lock, METH_NOARGS,
     "lock_os_thread()\n--\n\nWire this goroutine to its thread, until as many unlocks. Go: runtime.LockOSThread."},
    {"unlock_os_thread", py_unlock, METH_NOARGS,
     "unlock_os_thread()\n--\n\nUndo one `lock_os_thread`. Go: runtime.UnlockOSThread."},
    {"goid", py_goid, METH_NOARGS,
     "goid()\n--\n\nThis goroutine's number; 0 outside of goroutines."},
    {"blocking", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(py_blocking)), METH_FASTCALL | METH_KEYWORDS, blocking_doc},
    {"hold", py_hold, METH_NOARGS, nullptr},
    {"release", py_release, METH_NOARGS, nullptr},
    {"is_sim", py_is_sim, METH_NOARGS, nullptr},
    {"get_labels", py_get_labels, METH_NOARGS,
     "get_labels()\n--\n\nWhat `set_labels` has set here, or in the goroutine that started this one; None: nothing."},
    {"set_labels", py_set_labels, METH_O,
     "set_labels(labels, /)\n--\n\nAttach an object to this goroutine and to those that it starts from now on. Go: pprof.SetGoroutineLabels."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace npy
