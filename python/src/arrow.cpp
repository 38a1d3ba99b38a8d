// Columns as the structs of Arrow's C data interface.
#include "arrow.hpp"

namespace npy {
namespace {

constexpr std::int64_t kNullable = 2;

/// What stands behind an exported struct, as long as its new owner wants: T's children are owned here, each released
/// by its own release, for an owner may move one of them away.
template <class T>
struct Exported {
  std::shared_ptr<const Column> column;
  std::vector<T> children;
  std::vector<T*> pointers;
  T dictionary{};
  std::vector<const void*> buffers;
};

template <class T>
void release(T* self) {
  auto* mine = static_cast<Exported<T>*>(self->private_data);
  for (T& child : mine->children)
    if (child.release != nullptr) child.release(&child);
  if (mine->dictionary.release != nullptr) mine->dictionary.release(&mine->dictionary);
  self->release = nullptr;
  delete mine;
}

template <class T>
Exported<T>* export_children(const std::shared_ptr<const Column>& column, T* out,
                             void (*each)(const std::shared_ptr<const Column>&, T*)) {
  auto* mine = new Exported<T>{column, std::vector<T>(column->children.size()), {}, {}, {}};
  for (std::size_t i = 0; i < mine->children.size(); ++i) {
    each(column->children[i], &mine->children[i]);
    mine->pointers.push_back(&mine->children[i]);
  }
  if (column->dictionary) each(column->dictionary, &mine->dictionary);
  *out = T{};
  out->n_children = static_cast<std::int64_t>(mine->children.size());
  out->children = mine->pointers.data();
  out->dictionary = column->dictionary ? &mine->dictionary : nullptr;
  out->release = release<T>;
  out->private_data = mine;
  return mine;
}

struct Stream {
  std::shared_ptr<const Column> column;
  bool over = false;
};

Stream& stream_of(ArrowArrayStream* self) { return *static_cast<Stream*>(self->private_data); }

int stream_schema(ArrowArrayStream* self, ArrowSchema* out) {
  export_schema(stream_of(self).column, out);
  return 0;
}

int stream_next(ArrowArrayStream* self, ArrowArray* out) {
  Stream& stream = stream_of(self);
  *out = ArrowArray{};  // released: the end of the stream
  if (!stream.over) export_array(stream.column, out);
  stream.over = true;
  return 0;
}

void stream_release(ArrowArrayStream* self) {
  delete &stream_of(self);
  self->release = nullptr;
}

}  // namespace

void export_schema(const std::shared_ptr<const Column>& column, ArrowSchema* out) {
  export_children<ArrowSchema>(column, out, export_schema);
  out->format = column->format.c_str();
  out->name = column->name.c_str();
  out->flags = !column->buffers.empty() && column->buffers[0] != nullptr ? kNullable : 0;
}

void export_array(const std::shared_ptr<const Column>& column, ArrowArray* out) {
  auto* mine = export_children<ArrowArray>(column, out, export_array);
  for (const auto& buffer : column->buffers) mine->buffers.push_back(buffer.get());
  out->length = column->length;
  out->null_count = !column->buffers.empty() && column->buffers[0] != nullptr ? -1 : 0;  // -1: count them
  out->n_buffers = static_cast<std::int64_t>(mine->buffers.size());
  out->buffers = mine->buffers.data();
}

void export_stream(const std::shared_ptr<const Column>& column, ArrowArrayStream* out) {
  *out = ArrowArrayStream{stream_schema, stream_next, [](ArrowArrayStream*) -> const char* { return nullptr; },
                          stream_release, new Stream{column}};
}

}  // namespace npy
