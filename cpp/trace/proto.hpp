// proto.hpp: protobuf's wire format, as much as a trace needs. https://protobuf.dev/programming-guides/encoding
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace newproc::trace {

class Proto {
 public:
  void varint(std::uint32_t field, std::uint64_t value) {
    raw(field << 3);
    raw(value);
  }
  void bytes(std::uint32_t field, std::string_view value) {
    raw(field << 3 | 2);
    raw(value.size());
    text_.append(value);
  }
  void message(std::uint32_t field, const Proto& value) { bytes(field, value.text_); }
  void fixed64(std::uint32_t field, std::uint64_t value) {
    raw(field << 3 | 1);
    for (int i = 0; i < 8; ++i) text_.push_back(static_cast<char>(value >> (8 * i)));
  }
  const std::string& text() const { return text_; }

 private:
  void raw(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_.push_back(static_cast<char>(value | 0x80));
    text_.push_back(static_cast<char>(value));
  }
  std::string text_;
};

}  // namespace newproc::trace
