// arrow.hpp: columns that other libraries read in place, by the buffer protocol and by Arrow's C data interface.
#pragma once
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "newproc.h"

// The three structs of the C data interface; their layout is a promise between libraries
// (arrow.apache.org/docs/format/CDataInterface.html). Whoever gets one ends it by its release, from any thread.
struct ArrowSchema {
  const char *format, *name, *metadata;
  std::int64_t flags, n_children;
  ArrowSchema **children, *dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  std::int64_t length, null_count, offset, n_buffers, n_children;
  const void** buffers;
  ArrowArray **children, *dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};
struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema* out);
  int (*get_next)(ArrowArrayStream*, ArrowArray* out);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};

namespace npy {

/// A column of values in Arrow's layout; a table is a column of structs ("+s") with a child for each of its columns.
/// It never changes. What is exported shares its memory and no Python object, so a release needs no GIL.
struct Column {
  std::string name;
  std::string format;  // Arrow's: "L" is uint64, "u" UTF-8
  std::int64_t length = 0;
  std::vector<std::shared_ptr<const void>> buffers;  // the first says which are valid; null: all are
  std::vector<std::shared_ptr<Column>> children;
  std::shared_ptr<Column> dictionary;
};

/// These become the caller's. Both keep `column` alive.
void export_schema(const std::shared_ptr<const Column>& column, ArrowSchema* out);
void export_array(const std::shared_ptr<const Column>& column, ArrowArray* out);
void export_stream(const std::shared_ptr<const Column>& column, ArrowArrayStream* out);  // one batch

/// A trace's events, a column for each field of rt_event: one pass over all events, without the GIL.
std::shared_ptr<Column> columns_of(const rt_trace& trace);

void bind_column(pybind11::module_& m);

}  // namespace npy
