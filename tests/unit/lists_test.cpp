#include "base/list.hpp"
#include "base/rand.hpp"
#include "queue/coprimes.hpp"
#include "queue/gfree.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using namespace newproc;

namespace {
struct Node {
  int id = 0;
  Node* schedlink = nullptr;
  std::uint32_t nominal_stack = 2048;
};
std::vector<Node> make(int n) {
  std::vector<Node> nodes(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) nodes[static_cast<std::size_t>(i)].id = i;
  return nodes;
}
}  // namespace

TEST_SUITE("lists") {
  TEST_CASE("pushBackAll keeps the order of both and of an empty queue changes nothing") {
    auto n = make(4);
    Queue<Node> a, b;
    a.push_back(&n[0]);
    a.push_back(&n[1]);
    b.push_back(&n[2]);
    b.push_back(&n[3]);
    a.push_back_all({});
    a.push_back_all(b);
    CHECK(a.size == 4);
    for (int i = 0; i < 4; ++i) CHECK(a.pop_front()->id == i);
    CHECK(a.tail == nullptr);
  }

  TEST_CASE("pushAll puts a queue before the stack's old head, in the queue's order") {
    auto n = make(3);
    Stack<Node> s;
    s.push(&n[0]);
    Queue<Node> q;
    q.push_back(&n[1]);
    q.push_back(&n[2]);
    s.push_all(q);
    CHECK(s.size == 3);
    for (const int id : {1, 2, 0}) CHECK(s.pop()->id == id);
  }

  TEST_CASE("a spill moves newest first to the front, so that the oldest moved is the first to come back") {
    auto n = make(64);
    n[40].nominal_stack = 0;
    Stack<Node> local;
    for (auto& each : n) local.push(&each);
    Queue<Node> with, without;
    CHECK(gfree_spill(local, kGfreeLow - 1, with, without) == 33);
    CHECK(local.size == 31);
    GlobalGfree<Node> global;
    global.put(with, without);
    CHECK(global.n.load() == 33);
    CHECK(global.pop()->id == 31);
    CHECK(global.no_stack.size == 1);
    for (int i = 0; i < 31; ++i) global.pop();
    CHECK(global.pop()->id == 40);
    CHECK(global.pop() == nullptr);
    CHECK(global.n.load() == 0);
  }

  TEST_CASE("the steal order visits every P once, for every count and start") {
    for (std::uint32_t count = 1; count <= 40; ++count) {
      StealOrder order;
      order.reset(count);
      for (std::uint32_t random = 0; random < 200; ++random) {
        std::set<std::uint32_t> seen;
        order.walk(random * 2654435761u, [&](std::uint32_t i) {
          seen.insert(i);
          return false;
        });
        REQUIRE(seen.size() == count);
        REQUIRE(*seen.rbegin() == count - 1);
      }
    }
  }

  TEST_CASE("fastrandn stays below its bound and reaches both ends") {
    FastRand random(3);
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
    CHECK(seen.size() == 7);
    CHECK(*seen.rbegin() == 6);
  }
}
