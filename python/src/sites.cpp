#include "sites.hpp"

#include <frameobject.h>

#include <deque>
#include <string>
#include <unordered_map>

namespace npy {
namespace {

struct Key {
  const void* what;  // a code object, or a name
  std::uint64_t more;
  bool operator==(const Key&) const = default;
};
struct Hash {
  std::size_t operator()(const Key& k) const {
    return (reinterpret_cast<std::uintptr_t>(k.what) / 16 + k.more * 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL >> 20;
  }
};

/// All places that were ever named. Guarded by the GIL. They keep their code: its address is its name.
std::deque<Site>& all() {
  static auto* sites = new std::deque<Site>;
  return *sites;
}

std::uint64_t number_of(const Key& key, PyCodeObject* code, int line) {
  static auto* numbers = new std::unordered_map<Key, std::uint64_t, Hash>;
  const auto [at, fresh] = numbers->try_emplace(key, all().size() + 1);
  if (fresh) {
    Py_INCREF(code);
    all().push_back({code, line});
  }
  return at->second;
}

/// "…/newproc/", this package's folder.
const std::string& home() {
  static const auto* path = [] {
    auto* found = new std::string;
    PyObject* module = PyImport_ImportModule("newproc._errors");
    PyObject* file = module != nullptr ? PyObject_GetAttrString(module, "__file__") : nullptr;
    const char* text = file != nullptr ? PyUnicode_AsUTF8(file) : nullptr;
    if (text != nullptr) found->assign(text, std::string(text).rfind('/') + 1);
    PyErr_Clear();
    Py_XDECREF(file);
    Py_XDECREF(module);
    return found;
  }();
  return *path;
}

bool is_ours(const PyCodeObject* code) {
  const char* file = PyUnicode_AsUTF8(code->co_filename);
  if (file == nullptr) PyErr_Clear();
  return file != nullptr && !home().empty() && std::string(file).compare(0, home().size(), home()) == 0;
}

struct Known {
  Key key{nullptr, 0};       // code and instruction
  std::uint64_t number = 0;  // 0: ours
};

const Known& known_of(PyFrameObject* frame, PyCodeObject* code) {
  constexpr std::size_t kKnown = 256;
  static Known known[kKnown];
  const Key key{code, static_cast<std::uint64_t>(instruction_of(frame))};
  Known& at = known[Hash{}(key) % kKnown];
  if (at.key == key) return at;
  at = {key, is_ours(code) ? 0 : site_of_line(code, PyFrame_GetLineNumber(frame))};
  if (at.number == 0) Py_INCREF(code);  // known by its address for good
  return at;
}

}  // namespace

int instruction_of(PyFrameObject* frame) {
#if PY_VERSION_HEX >= 0x030B0000
  return PyFrame_GetLasti(frame);
#else
  return frame->f_lasti;
#endif
}

std::uint64_t site_here() {
  PyFrameObject* frame = PyThreadState_GetFrame(PyThreadState_Get());
  std::uint64_t found = 0;
  while (frame != nullptr) {
    PyCodeObject* code = PyFrame_GetCode(frame);
    found = known_of(frame, code).number;
    Py_DECREF(code);
    PyFrameObject* outer = found == 0 ? PyFrame_GetBack(frame) : nullptr;
    Py_DECREF(frame);
    frame = outer;
  }
  return found;
}

std::uint64_t site_of_line(PyCodeObject* code, int line) { return number_of({code, static_cast<std::uint64_t>(line)}, code, line); }

std::uint64_t site_of_start(std::uint64_t here, const char* name) {
  const Site* site = site_numbered(here);
  return site != nullptr ? number_of({name, here}, site->code, site->line) : 0;
}

const Site* site_numbered(std::uint64_t number) { return number != 0 && number <= all().size() ? &all()[number - 1] : nullptr; }

PyObject* stack_here() {
  PyObject* list = PyList_New(0);
  PyFrameObject* frame = PyThreadState_GetFrame(PyThreadState_Get());
  while (list != nullptr && frame != nullptr) {
    PyCodeObject* code = PyFrame_GetCode(frame);
    if (!is_ours(code)) {
      PyObject* one = Py_BuildValue("(OiO)", code->co_filename, PyFrame_GetLineNumber(frame), code->co_name);
      if (one == nullptr || PyList_Append(list, one) != 0) Py_CLEAR(list);
      Py_XDECREF(one);
    }
    Py_DECREF(code);
    PyFrameObject* outer = PyFrame_GetBack(frame);
    Py_DECREF(frame);
    frame = outer;
  }
  Py_XDECREF(frame);
  if (list == nullptr || PyList_Reverse(list) != 0) return nullptr;
  PyObject* stack = PyList_AsTuple(list);
  Py_DECREF(list);
  return stack;
}

PyObject* stack_at(std::uint64_t number) {
  const Site* site = site_numbered(number);
  return site != nullptr ? Py_BuildValue("((OiO))", site->code->co_filename, site->line, site->code->co_name) : PyTuple_New(0);
}

const char* kept(PyObject* text) {
  static PyObject* texts = nullptr;
  if (texts == nullptr && (texts = PyDict_New()) == nullptr) return nullptr;
  PyObject* first = PyDict_SetDefault(texts, text, text);
  return first != nullptr ? PyUnicode_AsUTF8(first) : nullptr;
}

}  // namespace npy
