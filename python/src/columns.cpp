// Columns made of a trace, and of what Python gives; columns as Python sees them.
#include <pybind11/stl.h>
#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "arrow.hpp"

namespace py = pybind11;

namespace npy {
namespace {

constexpr std::size_t kLine = 64;             // bytes; Arrow's advice for the start of a buffer
constexpr std::size_t kHugePage = 2U << 20U;  // bytes

/// `size` bytes that nobody has written. A big one is of huge pages where the system has them: page by page, its first
/// touch would cost as much as filling it.
std::shared_ptr<std::byte> memory(std::size_t size) {
  const std::size_t unit = size >= kHugePage ? kHugePage : kLine;
  const std::size_t room = (size + unit) / unit * unit;
  void* at = std::aligned_alloc(unit, room);
  if (at == nullptr) throw std::bad_alloc();
  if (unit == kHugePage) madvise(at, room, MADV_HUGEPAGE);
  return {static_cast<std::byte*>(at), std::free};
}

std::shared_ptr<const void> copy_of(const void* from, std::size_t size) {
  auto to = memory(size);
  if (size != 0) std::memcpy(to.get(), from, size);
  return to;
}

/// The kinds of events by name, and where a kind's name stands among them.
struct Kinds {
  std::array<std::int8_t, 256> place;
  std::shared_ptr<Column> names = std::make_shared<Column>();

  Kinds() {
    std::string text;
    std::vector<std::int32_t> ends{0};
    place.fill(0);
    const auto add = [&](unsigned kind, const char* name) {
      place[kind] = static_cast<std::int8_t>(ends.size() - 1);
      text += name;
      ends.push_back(static_cast<std::int32_t>(text.size()));
    };
    add(0, "?");
#define ADD(name, value, text) add(value, text);
    RT_EVENT_MAP(ADD)
#undef ADD
    names->format = "u";
    names->length = static_cast<std::int64_t>(ends.size()) - 1;
    names->buffers = {nullptr, copy_of(ends.data(), ends.size() * sizeof ends[0]), copy_of(text.data(), text.size())};
  }
};

/// Where one column of `n` values starts, in memory that all of them share.
template <class T>
T* part(const std::shared_ptr<std::byte>& all, std::size_t& at, std::size_t n) {
  T* start = reinterpret_cast<T*>(all.get() + at);
  at += (n * sizeof(T) + kLine - 1) / kLine * kLine;
  return start;
}

/// For the buffer protocol: struct's letter for a format of Arrow; 0 where it has none.
char letter_of(const std::string& format) {
  constexpr const char* kArrow = "lLiIsScCg";
  constexpr const char* kStruct = "qQiIhHbBd";
  const char* found = format.size() == 1 ? std::strchr(kArrow, format[0]) : nullptr;
  return found != nullptr ? kStruct[found - kArrow] : '\0';
}

py::buffer_info buffer_of(Column& column) {
  const char letter = letter_of(column.format);
  if (letter == '\0' || column.buffers.at(0) != nullptr)
    throw py::buffer_error("column " + column.name + " holds no plain numbers; read it through Arrow: pyarrow, polars, pandas");
  const py::ssize_t size = std::strchr("qQd", letter) ? 8 : std::strchr("iI", letter) ? 4 : std::strchr("hH", letter) ? 2 : 1;
  return {const_cast<void*>(column.buffers.at(1).get()), size, std::string(1, letter), 1, {column.length}, {size}, true};
}

std::shared_ptr<Column> column_from(std::string name, std::string format, std::int64_t length, const py::list& buffers,
                                    std::vector<std::shared_ptr<Column>> children, std::shared_ptr<Column> dictionary) {
  auto column = std::make_shared<Column>(Column{std::move(name), std::move(format), length, {}, std::move(children), std::move(dictionary)});
  for (const py::handle each : buffers) {
    if (each.is_none()) {
      column->buffers.emplace_back();
      continue;
    }
    const auto info = py::reinterpret_borrow<py::buffer>(each).request();
    column->buffers.push_back(copy_of(info.ptr, static_cast<std::size_t>(info.size * info.itemsize)));
  }
  return column;
}

template <class T>
py::capsule capsule_of(const std::shared_ptr<Column>& column, const char* name, void (*fill)(const std::shared_ptr<const Column>&, T*)) {
  auto owned = std::make_unique<T>();
  fill(column, owned.get());
  py::capsule capsule(owned.get(), name, [](PyObject* self) {
    T* held = static_cast<T*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self)));
    if (held->release != nullptr) held->release(held);  // nobody took it
    delete held;
  });
  owned.release();
  return capsule;
}

}  // namespace

std::shared_ptr<Column> columns_of(const rt_trace& trace) {
  static const Kinds kinds;
  const std::size_t n = trace.nevents;
  const auto all = memory(n * sizeof(rt_event) + 8 * kLine);
  std::size_t at = 0;
  auto *seq = part<std::uint64_t>(all, at, n), *time = part<std::uint64_t>(all, at, n), *g = part<std::uint64_t>(all, at, n),
       *a = part<std::uint64_t>(all, at, n), *b = part<std::uint64_t>(all, at, n);
  auto* m = part<std::int32_t>(all, at, n);
  auto* p = part<std::int16_t>(all, at, n);
  auto* kind = part<std::int8_t>(all, at, n);
  for (std::size_t i = 0; i < n; ++i) {
    const rt_event& e = trace.events[i];
    seq[i] = e.seq, time[i] = e.time, g[i] = e.g, a[i] = e.a, b[i] = e.b;
    kind[i] = kinds.place[e.kind & 255U], p[i] = e.p, m[i] = e.m;
  }
  auto table = std::make_shared<Column>(Column{"", "+s", static_cast<std::int64_t>(n), {nullptr}, {}, nullptr});
  const auto add = [&](const char* name, const char* format, void* start, std::shared_ptr<Column> dictionary = nullptr) {
    table->children.push_back(std::make_shared<Column>(
        Column{name, format, table->length, {nullptr, std::shared_ptr<const void>(all, start)}, {}, std::move(dictionary)}));
  };
  add("seq", "L", seq), add("time", "L", time), add("g", "L", g), add("a", "L", a), add("b", "L", b);
  add("kind", "c", kind, kinds.names), add("p", "s", p), add("m", "i", m);
  return table;
}

void bind_column(py::module_& m) {
  using Self = const std::shared_ptr<Column>&;
  const auto schema = [](Self self) { return capsule_of<ArrowSchema>(self, "arrow_schema", export_schema); };
  py::class_<Column, std::shared_ptr<Column>>(m, "Column", py::buffer_protocol())
      .def(py::init(&column_from))
      .def_buffer(buffer_of)
      .def_readonly("name", &Column::name)
      .def_readonly("format", &Column::format)
      .def_readonly("children", &Column::children)
      .def("__len__", [](Self self) { return self->length; })
      .def("__arrow_c_schema__", schema)
      .def("__arrow_c_array__", [schema](Self self, const py::object&) {
        return py::make_tuple(schema(self), capsule_of<ArrowArray>(self, "arrow_array", export_array));
      }, py::arg("requested_schema") = py::none())  // which may be passed over: what is asked for is cast by who asks
      .def("__arrow_c_stream__", [](Self self, const py::object&) {
        return capsule_of<ArrowArrayStream>(self, "arrow_array_stream", export_stream);
      }, py::arg("requested_schema") = py::none());
}

}  // namespace npy
