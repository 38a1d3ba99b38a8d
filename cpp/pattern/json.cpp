#include "pattern/json.hpp"

#include <cmath>
#include <cstring>
#include <set>

#include "pattern/program.hpp"

namespace newproc::pattern {
namespace {

// The JSON reader recurses, and so do we: the depth is bounded before either begins.
void check_depth(const char* text, std::size_t size) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostNesting)
        throw Bad("", "brackets nest deeper than " + std::to_string(kMostNesting) + " at byte " + std::to_string(i));
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

}  // namespace

std::string quoted(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::string at(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

Json read(const char* text, std::size_t size) {
  if (size > kMostBytes) throw Bad("", "the text has " + std::to_string(size) + " bytes; the most is " + std::to_string(kMostBytes));
  if (const void* nul = std::memchr(text, 0, size))  // the reader would take it for the end
    throw Bad("", "byte " + std::to_string(static_cast<const char*>(nul) - text) + " is NUL; give the length without the terminator");
  check_depth(text, size);
  std::vector<std::set<std::string>> keys;
  const auto look = [&keys](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      throw Bad("", "key " + quoted(value) + " is there twice");
    return true;
  };
  try {
    return Json::parse(text, text + size, look);
  } catch (const Json::parse_error& e) {
    const std::string_view what = e.what();  // "[json.exception.parse_error.101] parse error at line ..."
    const auto from = what.find("] ");
    throw Bad("", "not JSON: " + std::string(from == what.npos ? what : what.substr(from + 2)));
  }
}

std::int64_t integer(const Json& value, const std::string& path) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
    throw Bad(path, quoted(value) + " is outside of 64 bits");
  if (value.is_number_float() && std::abs(value.get<double>()) >= 9223372036854775808.0)
    throw Bad(path, quoted(value) + " is outside of 64 bits");
  if (!value.is_number_integer()) throw Bad(path, quoted(value) + " is no integer");
  return value.get<std::int64_t>();
}

std::int64_t count(const Json& doc, const char* key) {
  const auto found = doc.find(key);
  if (found == doc.end()) return 0;
  const std::int64_t n = integer(*found, key);
  if (n < 0 || n > kMostCount) throw Bad(key, std::to_string(n) + " is outside of 0 to " + std::to_string(kMostCount));
  return n;
}

}  // namespace newproc::pattern
