// compile.hpp: lists of operations into flat code.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pattern/json.hpp"
#include "pattern/ops.hpp"

namespace newproc::pattern {

class Compiler {
 public:
  Compiler(Program& program, std::size_t bodies) : program_(program), bodies_(bodies) {}
  Body body(const Json& ops, const std::string& path);

 private:
  using Jumps = std::vector<std::size_t>;  // whose target is not known yet

  std::size_t emit(Op op, std::int64_t a = 0, std::int64_t b = 0) {
    body_->code.push_back({op, 0, a, b});
    return body_->code.size() - 1;
  }
  std::uint32_t here() const { return static_cast<std::uint32_t>(body_->code.size()); }
  void land(const Jumps& jumps);

  void list(const Json& ops, const std::string& path);
  void operation(const Json& op, const std::string& path);
  void loop(const Json& op, std::int64_t rounds, const std::string& path);
  void branch(const Json& op, std::int64_t variable, std::int64_t value, const std::string& path);
  void once(const Json& op, std::int64_t index, const std::string& path);
  void attempt(const Json& op, const std::string& path);
  void select(const Json& op, const std::string& path);
  SelectCase select_case(const Json& one, const std::string& path);

  std::int64_t argument(char kind, const Json& value, const std::string& path) const;
  std::int64_t index(const Json& value, const std::string& path, std::size_t size, const char* what, const char* key) const;
  void check(const Json& op, const OpShape& shape, const std::string& path, std::int64_t (&values)[2]) const;

  Program& program_;
  std::size_t bodies_;
  Body* body_ = nullptr;
  std::uint32_t depth_ = 0;
  std::vector<Jumps> breaks_;   // out of each open loop or once, the body's own first
  std::vector<Jumps> returns_;  // out of each open once
};

}  // namespace newproc::pattern
