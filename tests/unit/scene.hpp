// scene.hpp: scenarios of real Go at one P, whose logs are compared number by number.
#pragma once
#include <sstream>
#include <vector>

#include "fixture.hpp"

namespace fixture {

inline constexpr std::uint32_t kTick = 61;

/// "257 128-187 0" as numbers; "30..0" counts down.
inline std::vector<int> expand(const std::string& ranges) {
  std::vector<int> out;
  std::istringstream words(ranges);
  for (std::string word; words >> word;) {
    const auto up = word.find('-', 1), down = word.find("..");
    const int first = std::stoi(word);
    const int last = down != word.npos ? std::stoi(word.substr(down + 2)) : up != word.npos ? std::stoi(word.substr(up + 1)) : first;
    for (int i = first;; i += first <= last ? 1 : -1) {
      out.push_back(i);
      if (i == last) break;
    }
  }
  return out;
}

/// A runtime with one P and no sysmon, whose scenarios write to `log`.
struct Scene {
  explicit Scene(std::uint32_t world, std::uint32_t sysmon = RT_SYSMON_OFF) : runtime([&] {
    rt_config c = config(world, 1);
    c.sysmon = sysmon;
    return c;
  }()) {}

  rt_p_info p0() const {
    rt_snapshot* s = snapshot(runtime.rt);
    const rt_p_info p = s->ps[0];
    rt_snapshot_free(s);
    return p;
  }
  std::uint32_t tick() const { return p0().schedtick; }
  std::size_t global() const { return runtime.stats().runqsize; }
  /// Yields until the scenario's phase; nothing else may be runnable.
  void align(std::uint32_t phase) const {
    while (tick() % kTick != phase) rt_gosched();
  }
  void go(Body body) { runtime.go(std::move(body)); }
  void note(int what) { log.push_back(what); }

  /// Main waits until done() has been called n times, as for a channel that the last one closes.
  void expect(int n) { left = n; }
  void done() {
    if (--left == 0 && waiter != nullptr) rt_goready(waiter);
  }
  void wait() {
    const auto publish = [](rt_g* g, void* self) {
      static_cast<Scene*>(self)->waiter = g;
      return 1;
    };
    if (left > 0) rt_gopark(publish, this, RT_WAIT_CHAN_RECEIVE);
    waiter = nullptr;
  }
  /// Yields until nothing else can run.
  void settle() const {
    do rt_gosched();
    while (runtime.stats().runqsize != 0 || p0().nrunq != 0 || p0().runnext != 0);
  }
  /// Starts n goroutines that block one after the other, in the order of their numbers.
  void park(int n, const std::function<void(int)>& body) {
    for (int i = 0; i < n; ++i) {
      go([body, i] { body(i); });
      settle();
    }
    log.clear();
    align(1);
  }
  /// Keeps the processor for so long. The sim world's clock moves at points, where sysmon is on.
  static void spin(std::int64_t ns) {
    const std::int64_t end = rt_nanotime(nullptr) + ns;
    while (rt_nanotime(nullptr) < end) rt_checkpoint();
  }
  /// n goroutines that note their number; main parks, or yields and notes itself as -1 at the end.
  void spawn_all(int n, std::uint32_t phase, bool yielding = false) {
    align(phase);
    expect(n);
    for (int i = 0; i < n; ++i) go([this, i] {
      note(i);
      done();
    });
    if (!yielding) return wait();
    while (left > 0) rt_gosched();
    note(-1);
  }

  Runtime runtime;
  std::vector<int> log;
  int left = 0;
  rt_g* waiter = nullptr;
};

inline void golden_in(std::uint32_t world, std::uint32_t sysmon, const char* expected, const std::function<void(Scene&)>& scenario) {
  CAPTURE(world);
  Scene scene(world, sysmon);
  REQUIRE(scene.runtime.run([&] { scenario(scene); }) == RT_OK);
  CHECK(scene.log == expand(expected));
}

/// Runs the scenario in both worlds and compares the log.
inline void golden(const char* expected, const std::function<void(Scene&)>& scenario) {
  golden_in(RT_WORLD_SIM, RT_SYSMON_OFF, expected, scenario);
  golden_in(RT_WORLD_THREADS, RT_SYSMON_OFF, expected, scenario);  // a stalled machine must not preempt
}

/// The same where the outcome depends on the time that things take: virtual time, which Scene::spin() moves.
inline void golden_timed(const char* expected, const std::function<void(Scene&)>& scenario) {
  golden_in(RT_WORLD_SIM, RT_SYSMON_ON, expected, scenario);
}

/// A channel of T for one scene.
template <class T = long>
struct Channel {
  explicit Channel(std::size_t cap = 0) { REQUIRE(rt_chan_new(nullptr, sizeof(T), cap, &c) == RT_OK); }
  ~Channel() { rt_chan_free(c); }
  Channel(const Channel&) = delete;
  rt_status send(T v) const { return rt_chan_send(c, &v); }
  /// The value; `closed` where the channel is.
  T recv(T closed = T{}) const {
    T v{};
    int ok = 0;
    REQUIRE(rt_chan_recv(c, &v, &ok) == RT_OK);
    return ok != 0 ? v : closed;
  }
  void close() const { REQUIRE(rt_chan_close(c) == RT_OK); }
  rt_chan* c = nullptr;
};

}  // namespace fixture
