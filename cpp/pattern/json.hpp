// json.hpp: reading the text of a pattern, which is untrusted.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace newproc::pattern {

using Json = nlohmann::json;

/// What is wrong, and where: "bodies[2][5][1]: no body 9; the pattern has 4".
struct Bad : std::runtime_error {
  Bad(const std::string& path, const std::string& what) : runtime_error(path.empty() ? what : path + ": " + what) {}
};

/// A value as a message shows it.
std::string quoted(const Json& value);
/// The path of an element.
std::string at(const std::string& path, std::size_t index);
/// The document. Depth, size and keys are checked.
Json read(const char* text, std::size_t size);
std::int64_t integer(const Json& value, const std::string& path);
/// An optional count of the document: 0 if it is not there.
std::int64_t count(const Json& doc, const char* key);

}  // namespace newproc::pattern
