#include "base/list.hpp"
#include "base/rand.hpp"
#include "queue/coprimes.hpp"
#include "queue/fifo.hpp"
#include "queue/gfree.hpp"
#include "queue/staged.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using namespace newproc;

namespace {
struct Node {
  int id = 0;
  Node* schedlink = nullptr;
  std::uint32_t bytes = 2048;
  std::uint32_t nominal_stack() const { return bytes; }
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
    n[40].bytes = 0;
    LocalGfree<Node> local;
    for (auto& each : n) local.push(&each);
    GlobalGfree<Node> global;
    REQUIRE(global.reserve(64));
    CHECK(gfree_spill(local, kGfreeLow - 1, global) == 33);
    CHECK(local.size == 31);
    CHECK(global.n.load() == 33);
    CHECK(global.stack.at(0)->id == 31);
    CHECK(global.pop()->id == 31);
    CHECK(global.no_stack.size() == 1);
    for (int i = 0; i < 31; ++i) global.pop();
    CHECK(global.pop()->id == 40);
    CHECK(global.pop() == nullptr);
    CHECK(global.n.load() == 0);
  }

  TEST_CASE("the global queue keeps its order through wrap, growth, batches and puts at the front") {
    auto n = make(40);
    Fifo<Node> q;
    REQUIRE(q.reserve(3));  // room for 4
    for (int i = 0; i < 3; ++i) q.push_back(&n[static_cast<std::size_t>(i)]);
    CHECK(q.pop_front()->id == 0);
    CHECK(q.pop_front()->id == 1);
    for (int i = 3; i < 6; ++i) q.push_back(&n[static_cast<std::size_t>(i)]);  // wraps
    CHECK(q.size() == 4);
    REQUIRE(q.reserve(40));
    Queue<Node> back, front;
    for (int i = 6; i < 30; ++i) back.push_back(&n[static_cast<std::size_t>(i)]);
    front.push_back(&n[0]);
    front.push_back(&n[1]);
    q.push_back_all(back);
    q.push_front_all(front);
    CHECK(q.size() == 30);
    CHECK(q.at(29)->id == 29);
    for (int i = 0; i < 30; ++i) REQUIRE(q.pop_front()->id == i);
    CHECK(q.empty());
  }

  TEST_CASE("what is staged is collected in order, once, and full is said") {
    auto n = make(5);
    Staged<Node, 4> staged;
    std::vector<int> seen;
    const auto collect = [&] { staged.collect([&](const Node* node) { seen.push_back(node->id); }); };
    for (int i = 0; i < 4; ++i) REQUIRE(staged.put(&n[static_cast<std::size_t>(i)]));
    CHECK_FALSE(staged.put(&n[4]));
    CHECK_FALSE(staged.empty());
    collect();
    collect();
    CHECK(staged.empty());
    REQUIRE(staged.put(&n[4]));
    collect();
    CHECK(seen == std::vector<int>{0, 1, 2, 3, 4});
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
