// chan.cpp: Chan, and select. What may park is tried first with the GIL held: most operations need not wait.
#include "chan.hpp"

#include <unordered_map>

#include "scope.hpp"
#include "types.hpp"

namespace npy {

PyTypeObject* chan_type;

namespace {

struct {
  std::unordered_map<const rt_runtime*, unsigned long long> numbers;
  unsigned long long last = 0;
} runtimes;

ChanObject* self_of(PyObject* object) { return reinterpret_cast<ChanObject*>(object); }

/// Room for one element of either kind.
union Slot {
  PyObject* object;
  std::int64_t time;
};

/// The element as a new reference. Null: no memory.
PyObject* value_of(const ChanObject* c, Slot slot) {
  return c->kind == ChanObject::times ? PyFloat_FromDouble(static_cast<double>(slot.time) / kNsPerSecond) : slot.object;
}

/// Also from a thread that runs no goroutine, whose channel may have outlived its runtime.
template <class F>
rt_status from_anywhere(const char* name, const ChanObject* chan, F&& f) {
  const Goroutine* g = running();
  if (g != nullptr && g->run->search != nullptr) say_operation(g, name, nullptr);
  return g != nullptr || chan->kind == ChanObject::times || runtime_lives(chan->rt) ? tried(g, f) : kEndedEarly;
}
PyObject* raise_closed() {
  if (PyObject* error = error_class("StateError"); error != nullptr) {
    PyErr_SetString(error, "Chan: its Runtime is closed; nobody is there to use it");
    Py_DECREF(error);
  }
  return nullptr;
}

bool may_send(const ChanObject* c) {
  if (c->kind == ChanObject::objects) return true;
  PyErr_SetString(PyExc_TypeError, "Chan.send: this is a channel of a timer or a context, which only receives");
  return false;
}

rt_status wait_to(Goroutine* g, rt_chan* c, int direction, void* elem, int* ok) {
  if (g->scope == nullptr)
    return parked_status(g, [&] { return direction == RT_SEND ? rt_chan_send(c, elem) : rt_chan_recv(c, elem, ok); });
  std::vector<rt_case> cases{{c, elem, direction, 0}};
  std::size_t chosen = 0;
  const rt_status s = select_in_scope(g, cases, chosen);
  if (ok != nullptr) *ok = cases[0].ok;
  return s;
}

PyObject* chan_send(PyObject* self, PyObject* value) {
  Goroutine* g = in_goroutine("Chan.send");
  if (g == nullptr || !may_send(self_of(self))) return nullptr;
  rt_chan* c = self_of(self)->c;
  Py_INCREF(value);
  rt_status s = tried_first(g, [&] { return rt_chan_try_send(c, &value); });
  if (s == RT_EWOULDBLOCK) s = wait_to(g, c, RT_SEND, &value, nullptr);
  if (__builtin_expect(s == RT_OK, 1)) Py_RETURN_NONE;
  Py_DECREF(value);
  return raise_wait(s);
}

enum class Got { value, closed, error };

Got receive(const char* name, PyObject* self, PyObject*& value) {
  Goroutine* g = in_goroutine(name);
  if (g == nullptr) return Got::error;
  const ChanObject* chan = self_of(self);
  rt_chan* c = chan->c;
  Slot slot{};
  int ok = 0;
  rt_status s = tried_first(g, [&] { return rt_chan_try_recv(c, &slot, &ok); });
  if (s == RT_EWOULDBLOCK) s = wait_to(g, c, RT_RECV, &slot, &ok);
  if (__builtin_expect(s != RT_OK, 0)) {
    raise_wait(s);
    return Got::error;
  }
  if (ok == 0) return Got::closed;
  value = value_of(chan, slot);
  return value != nullptr ? Got::value : Got::error;
}

PyObject* chan_recv(PyObject* self, PyObject*) {
  PyObject* value = nullptr;
  const Got got = receive("Chan.recv", self, value);
  if (__builtin_expect(got == Got::closed, 0)) {
    if (PyObject* closed = error_class("Closed"); closed != nullptr) {
      PyErr_SetString(closed, "the channel is closed and empty");
      Py_DECREF(closed);
    }
  }
  return value;
}

PyObject* pair(PyObject* value, bool ok) { return Py_BuildValue("(NO)", ok ? value : Py_NewRef(Py_None), ok ? Py_True : Py_False); }

PyObject* chan_recv_ok(PyObject* self, PyObject*) {
  PyObject* value = nullptr;
  const Got got = receive("Chan.recv_ok", self, value);
  return got == Got::error ? nullptr : pair(value, got == Got::value);
}

PyObject* chan_next(PyObject* self) {
  PyObject* value = nullptr;
  receive("Chan.__next__", self, value);
  return value;  // null without an error: the end
}

PyObject* chan_try_send(PyObject* self, PyObject* value) {
  if (!may_send(self_of(self))) return nullptr;
  rt_chan* c = self_of(self)->c;
  Py_INCREF(value);
  const rt_status s = from_anywhere("Chan.try_send", self_of(self), [&] { return rt_chan_try_send(c, &value); });
  if (s == RT_OK) Py_RETURN_TRUE;
  Py_DECREF(value);
  if (s == RT_EWOULDBLOCK) Py_RETURN_FALSE;
  return s == kEndedEarly ? raise_closed() : raise_status(s);
}

PyObject* chan_try_recv(PyObject* self, PyObject*) {
  const ChanObject* chan = self_of(self);
  Slot slot{};
  int ok = 0;
  const rt_status s = from_anywhere("Chan.try_recv", chan, [&] { return rt_chan_try_recv(chan->c, &slot, &ok); });
  if (s == RT_EWOULDBLOCK) Py_RETURN_NONE;
  if (s != RT_OK) return s == kEndedEarly ? raise_closed() : raise_status(s);
  PyObject* value = ok != 0 ? value_of(chan, slot) : nullptr;
  return ok != 0 && value == nullptr ? nullptr : pair(value, ok != 0);
}

PyObject* chan_close(PyObject* self, PyObject*) {
  if (!may_send(self_of(self))) return nullptr;
  const rt_status s = from_anywhere("Chan.close", self_of(self), [self] { return rt_chan_close(self_of(self)->c); });
  return s == kEndedEarly ? raise_closed() : none_or(s);
}

PyObject* chan_enter(PyObject* self, PyObject*) { return Py_NewRef(self); }
PyObject* chan_exit(PyObject* self, PyObject*) { return chan_close(self, nullptr); }
PyObject* chan_iter(PyObject* self) { return Py_NewRef(self); }
int chan_bool(PyObject*) { return 1; }  // an empty channel is a channel
Py_ssize_t chan_len(PyObject* self) { return static_cast<Py_ssize_t>(rt_chan_len(self_of(self)->c)); }
PyObject* chan_capacity(PyObject* self, void*) { return PyLong_FromSize_t(rt_chan_cap(self_of(self)->c)); }
PyObject* chan_repr(PyObject* self) {
  return PyUnicode_FromFormat("<Chan %zd/%zu at %p>", chan_len(self), rt_chan_cap(self_of(self)->c), static_cast<void*>(self));
}

/// (self, is_send, value), which newproc.Case is
PyObject* make_case(PyObject* self, bool is_send, PyObject* value) {
  static PyObject* type = nullptr;
  if (type == nullptr) {
    PyObject* module = PyImport_ImportModule("newproc._sync");
    if (module != nullptr) type = PyObject_GetAttrString(module, "Case");
    Py_XDECREF(module);
    if (type == nullptr) return nullptr;
  }
  return PyObject_CallFunctionObjArgs(type, self, is_send ? Py_True : Py_False, value, nullptr);
}
PyObject* chan_send_case(PyObject* self, PyObject* value) { return may_send(self_of(self)) ? make_case(self, true, value) : nullptr; }
PyObject* chan_recv_case(PyObject* self, PyObject*) { return make_case(self, false, Py_None); }

PyObject* chan_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  static char capacity_name[] = "capacity", runtime_name[] = "runtime";
  static char* names[] = {capacity_name, runtime_name, nullptr};
  Py_ssize_t capacity = 0;
  PyObject* runtime = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|n$O:Chan", names, &capacity, &runtime)) return nullptr;
  if (capacity < 0) return PyErr_Format(PyExc_ValueError, "newproc.Chan(capacity): capacity is %zd; give 0 or more", capacity);
  rt_runtime* rt = handle_of(runtime);
  if (rt == nullptr && PyErr_Occurred()) return nullptr;
  rt_chan* c = nullptr;
  const rt_status s = rt_chan_new(rt, sizeof(PyObject*), static_cast<std::size_t>(capacity), &c);
  if (s != RT_OK) return raise_status(s);
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) {
    rt_chan_free(c);
    return nullptr;
  }
  self_of(self)->c = c;
  self_of(self)->rt = lifetime_of(rt != nullptr ? rt : rt_current());
  self_of(self)->keeps = rt != nullptr ? Py_NewRef(runtime) : nullptr;  // it lives as long as its channels
  return self;
}

void unlink(TimerRecord* record) {
  *record->at = record->next;
  if (record->next != nullptr) record->next->at = record->at;
  const Stay here(running());
  rt_timer_free(record->timer);
  delete record;
}

void chan_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  ChanObject* chan = self_of(self);
  if (chan->record != nullptr) {
    chan->record->chan = nullptr;
    if (running() != nullptr) unlink(chan->record);  // else: after the run
  } else if (chan->kind == ChanObject::objects) {
    rt_chan_drain(chan->c, [](void*, const void* elem) { Py_DECREF(*static_cast<PyObject* const*>(elem)); }, nullptr);
    rt_chan_free(chan->c);
  }
  Py_XDECREF(chan->keeps);
  type->tp_free(self);
  Py_DECREF(type);
}

/// Frees the references of what was not sent.
class Sending {
 public:
  explicit Sending(std::size_t n) : values(n) {}
  ~Sending() {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (i != sent) Py_XDECREF(owned(i));
  }
  Sending(const Sending&) = delete;
  PyObject* owned(std::size_t i) const { return is_send.size() > i && is_send[i] ? values[i].object : nullptr; }

  std::vector<Slot> values;
  std::vector<bool> is_send;
  std::size_t sent = static_cast<std::size_t>(-1);
};

bool read_cases(PyObject* list, std::vector<rt_case>& cases, Sending& sending) {
  for (std::size_t i = 0; i < sending.values.size(); ++i) {
    PyObject *chan = nullptr, *value = nullptr;
    int is_send = 0;
    PyObject* each = PyTuple_GET_ITEM(list, static_cast<Py_ssize_t>(i));
    if (!PyTuple_Check(each)) {
      PyErr_Format(PyExc_TypeError, "newproc.select: %R is no case; give c.recv_case() or c.send_case(value)", each);
      return false;
    }
    if (!PyArg_ParseTuple(each, "OpO:select", &chan, &is_send, &value)) return false;
    if (!PyObject_TypeCheck(chan, chan_type)) {
      PyErr_Format(PyExc_TypeError, "newproc.select: %R is no Chan", chan);
      return false;
    }
    if (is_send != 0 && !may_send(self_of(chan))) return false;
    sending.is_send.push_back(is_send != 0);
    if (is_send != 0) sending.values[i].object = Py_NewRef(value);  // the one that is sent goes with its reference
    cases.push_back({self_of(chan)->c, &sending.values[i], is_send != 0 ? RT_SEND : RT_RECV, 0});
  }
  return true;
}

/// select((case, ...), has_default) -> (index, value, ok); index is the number of cases for the default
PyObject* py_select(PyObject*, PyObject* args) {
  PyObject* list = nullptr;
  int has_default = 0;
  if (!PyArg_ParseTuple(args, "O!p:select", &PyTuple_Type, &list, &has_default)) return nullptr;
  Goroutine* g = in_goroutine("select");
  if (g == nullptr) return nullptr;
  const auto n = static_cast<std::size_t>(PyTuple_GET_SIZE(list));
  std::vector<rt_case> cases;
  Sending sending(n);
  if (!read_cases(list, cases, sending)) return nullptr;
  std::size_t chosen = n;
  const auto without_waiting = [&] { return rt_select(cases.data(), n, 1, &chosen); };
  rt_status s = has_default != 0 ? tried(g, without_waiting) : tried_first(g, without_waiting);
  if (s == RT_EWOULDBLOCK || (s == RT_OK && chosen == n && has_default == 0)) s = select_in_scope(g, cases, chosen);
  if (s != RT_OK) return raise_wait(s);
  if (chosen == n) return Py_BuildValue("(nOO)", static_cast<Py_ssize_t>(n), Py_None, Py_True);
  if (sending.is_send[chosen]) {
    sending.sent = chosen;
    return Py_BuildValue("(nOO)", static_cast<Py_ssize_t>(chosen), Py_None, Py_True);
  }
  const ChanObject* from = self_of(PyTuple_GET_ITEM(PyTuple_GET_ITEM(list, static_cast<Py_ssize_t>(chosen)), 0));
  const bool ok = cases[chosen].ok != 0;
  PyObject* value = ok ? value_of(from, sending.values[chosen]) : Py_NewRef(Py_None);
  return value != nullptr ? Py_BuildValue("(nNO)", static_cast<Py_ssize_t>(chosen), value, ok ? Py_True : Py_False) : nullptr;
}

PyDoc_STRVAR(chan_doc,
R"(Chan(capacity=0, *, runtime=None)
--

A channel of ``capacity`` values. Go: make(chan T, capacity), chan.go:72.

Args:
    capacity: values it holds; 0: a send waits for its receiver.
    runtime: whose goroutines use it (default: the caller's; needed outside of goroutines).

A channel can be iterated until it is closed and empty, and is a context manager that closes it:

>>> import newproc
>>> def main():
...     squares = newproc.Chan(2)
...     def produce():
...         with squares:
...             for i in range(4):
...                 squares.send(i * i)
...     newproc.go(produce)
...     print(list(squares))
>>> _ = newproc.run(main)
[0, 1, 4, 9]

Raises:
    ArgumentError, Panic: a capacity that no memory has ("makechan: size out of range").
    PlaceError: outside of goroutines without ``runtime``.
)");

PyMethodDef chan_methods[] = {
    {"send", chan_send, METH_O, "send($self, value, /)\n--\n\nHand ``value`` to a receiver or to the buffer, or wait. Panic: \"send on closed channel\". chan.go:160"},
    {"recv", chan_recv, METH_NOARGS, "recv($self, /)\n--\n\nThe next value; waits for it. Closed: the channel is closed and empty. chan.go:457"},
    {"recv_ok", chan_recv_ok, METH_NOARGS, "recv_ok($self, /)\n--\n\n``v, ok := <-c``: (value, True), or (None, False) from a channel that is closed and empty."},
    {"try_send", chan_try_send, METH_O, "try_send($self, value, /)\n--\n\nSend without waiting; False where nobody could take it. Also from threads that run no goroutine."},
    {"try_recv", chan_try_recv, METH_NOARGS, "try_recv($self, /)\n--\n\nAs `recv_ok`, without waiting: None where there is nothing. Also from threads that run no goroutine."},
    {"close", chan_close, METH_NOARGS, "close($self, /)\n--\n\nClose it: all that wait are woken. Panic: \"close of closed channel\". chan.go:357"},
    {"recv_case", chan_recv_case, METH_NOARGS, "recv_case($self, /)\n--\n\nFor `select`: to receive from this channel."},
    {"send_case", chan_send_case, METH_O, "send_case($self, value, /)\n--\n\nFor `select`: to send ``value`` on this channel."},
    {"__enter__", chan_enter, METH_NOARGS, nullptr},
    {"__exit__", chan_exit, METH_VARARGS, nullptr},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "Chan[T]: a channel of T, for type checkers."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef chan_attributes[] = {
    {"capacity", chan_capacity, nullptr, "How many values it holds; ``len()`` says how many it has.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMethodDef functions[] = {
    {"select", py_select, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

rt_runtime* handle_of(PyObject* runtime) {
  if (runtime == nullptr || runtime == Py_None) return nullptr;
  PyObject* core = PyObject_GetAttrString(runtime, "_core");
  PyObject* handle = core != nullptr ? PyObject_CallMethod(core, "handle", nullptr) : nullptr;
  void* rt = handle != nullptr ? PyLong_AsVoidPtr(handle) : nullptr;
  Py_XDECREF(handle);
  Py_XDECREF(core);
  return static_cast<rt_runtime*>(rt);
}

PyObject* chan_of_signal(rt_chan* c, const Lifetime& rt, PyObject* keeps) {
  PyObject* made = chan_type->tp_alloc(chan_type, 0);
  if (made == nullptr) return nullptr;
  self_of(made)->c = c;
  self_of(made)->rt = rt;
  self_of(made)->keeps = Py_NewRef(keeps);
  self_of(made)->kind = ChanObject::signal;
  return made;
}

void runtime_begins(const rt_runtime* rt) { runtimes.numbers[rt] = ++runtimes.last; }
void runtime_ends(const rt_runtime* rt) { runtimes.numbers.erase(rt); }
Lifetime lifetime_of(const rt_runtime* rt) {
  const auto found = runtimes.numbers.find(rt);
  return {rt, found != runtimes.numbers.end() ? found->second : 0};
}
bool runtime_lives(const Lifetime& of) {
  const auto found = runtimes.numbers.find(of.rt);
  return found != runtimes.numbers.end() && found->second == of.number;
}

ChanObject* chan_of_timer(Run* run, rt_timer* timer) {
  auto* record = new (std::nothrow) TimerRecord{timer, nullptr, &run->timers, run->timers};
  PyObject* made = record != nullptr ? chan_type->tp_alloc(chan_type, 0) : PyErr_NoMemory();
  if (made == nullptr) {
    delete record;
    rt_timer_free(timer);
    return nullptr;
  }
  if (record->next != nullptr) record->next->at = &record->next;
  run->timers = record;
  ChanObject* chan = record->chan = self_of(made);
  chan->c = rt_timer_chan(timer);
  chan->record = record;
  chan->kind = ChanObject::times;
  return chan;
}

void free_timers(Run* run) {
  while (run->timers != nullptr) {
    if (ChanObject* chan = run->timers->chan; chan != nullptr) {
      chan->c = nullptr;
      chan->record = nullptr;
    }
    unlink(run->timers);
  }
}

bool bind_chan(PyObject* module) {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(chan_doc)},
      {Py_tp_new, reinterpret_cast<void*>(chan_new)},
      {Py_tp_dealloc, reinterpret_cast<void*>(chan_dealloc)},
      {Py_tp_methods, chan_methods},
      {Py_tp_getset, chan_attributes},
      {Py_tp_iter, reinterpret_cast<void*>(chan_iter)},
      {Py_tp_iternext, reinterpret_cast<void*>(chan_next)},
      {Py_tp_repr, reinterpret_cast<void*>(chan_repr)},
      {Py_sq_length, reinterpret_cast<void*>(chan_len)},
      {Py_nb_bool, reinterpret_cast<void*>(chan_bool)},
      {0, nullptr},
  };
  chan_type = add_type(module, "newproc.Chan", sizeof(ChanObject), slots);
  return chan_type != nullptr && PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace npy
