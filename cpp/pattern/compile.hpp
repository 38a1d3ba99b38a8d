// compile.hpp: lists of operations into flat code.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pattern/json.hpp"
#include "pattern/ops.hpp"

namespace newproc::pattern {

/// shapes.cpp: the forms of the operation that `op` names, or what is wrong with the name.
const OpShape& shape(const Json& op, const std::string& path, int version);
[[noreturn]] void wrong_count(const Json& op, const std::string& path, int version);

class Compiler {
 public:
  explicit Compiler(Program& program) : program_(program) {}
  /// Into program.bodies[index], whose slots are known already.
  void body(std::size_t index, const Json& ops, const std::string& path);

 private:
  using Jumps = std::vector<std::size_t>;  // whose target is not known yet
  static constexpr std::size_t kMostOperands = 4;

  std::size_t emit(Op op, std::int64_t a = 0, std::int64_t b = 0) {
    Instruction in{op};
    in.a = a;
    in.b = b;
    body_->code.push_back(in);
    return body_->code.size() - 1;
  }
  std::uint32_t here() const { return static_cast<std::uint32_t>(body_->code.size()); }
  void land(const Jumps& jumps);

  // compile.cpp
  void list(const Json& ops, const std::string& path);
  void operation(const Json& op, const std::string& path);
  void check_slot(const OpShape& shape, const Instruction& in, const std::string& path) const;
  std::size_t simple(const Json& op, const OpShape& shape, const std::string& path);

  // control.cpp
  void loop(const Json& op, const OpShape& shape, const std::string& path);
  void branch(const Json& op, const OpShape& shape, const std::string& path);
  void repeat(const Json& op, const OpShape& shape, const std::string& path);
  void range(const Json& op, const OpShape& shape, const std::string& path);
  void choose(const Json& op, const std::string& path);
  void once(const Json& op, const OpShape& shape, const std::string& path);
  void func(const Json& op, const std::string& path);
  void defer(const Json& op, const std::string& path);
  void recover(const Json& op, const OpShape& shape, const std::string& path);
  std::uint32_t function(const Json& ops, const std::string& path, bool deferred);
  void attempt(const Json& op, const std::string& path);
  void select(const Json& op, const std::string& path);
  SelectCase select_case(const Json& one, const std::string& path);
  void rounds(const Json& ops, const std::string& path, std::size_t head);

  // arguments.cpp
  std::int64_t object(Kind kind, const Json& value, const std::string& path) const;
  std::int64_t channel(const Json& value, const std::string& path) const;
  Value value(const Json& value, const std::string& path) const;
  Value argument(char kind, const Json& value, const std::string& path);
  std::int64_t spawn(const Json& op, std::size_t body, const std::string& path);
  std::int64_t slot(const std::string& name, const std::string& path) const;
  void locker(const Json& value, const std::string& path, Value (&out)[kMostOperands], std::size_t& n) const;

  Program& program_;
  Body* body_ = nullptr;
  std::uint32_t depth_ = 0;
  std::vector<Jumps> breaks_;    // out of each open loop or function, the body's own first
  std::vector<Jumps> returns_;   // out of each open function
  struct Open {
    std::uint32_t function;
    std::size_t lists;  // open lists: a defer stands directly in its function's
    bool deferred;
  };
  std::vector<Open> open_;
  std::size_t lists_ = 0;
};

/// arguments.cpp: the locker of a cond, as the document's table and the operation have it.
CondSpec read_locker(const Json& value, const std::string& path, const Program& program);

}  // namespace newproc::pattern
