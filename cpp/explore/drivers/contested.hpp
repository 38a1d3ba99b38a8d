// contested.hpp: where in a program it matters who comes first, as far as its schedules have shown.
#pragma once
#include "explore/driver.hpp"
#include "explore/idmap.hpp"

namespace newproc::explore {

/// Learns from the operations of each schedule. A place is contested if it works on what another goroutine works on elsewhere, too,
/// one of them changes it, and they hold no lock in common (locksets: Savage et al., Eraser, 1997): then the one can come about
/// while somebody waits at the other. Where a lock is given back is no such place: to be late there helps no bug that
/// being late at its Lock would not. What main does before it has started anybody is none, either.
class Contested {
 public:
  struct Place {
    std::uint64_t at = 0;
    std::uint32_t visits = 0;  // most that one goroutine has made in a schedule
    std::uint32_t object = 0;  // below objects(): equal where places work on the same
  };
  void begin();
  /// t is about to do t.next. `only`: nobody else could run.
  void operation(const Task& t, bool only);
  /// The schedule is over. `late`, where not null: who had come later to these places would have found something else there.
  void end(std::vector<std::uint32_t>* late = nullptr);
  /// Of the order in which operations on what several work on came about: alike are goroutines at the same place.
  std::uint64_t order() const;
  const std::vector<Place>& places() const { return places_; }
  std::uint32_t objects() const { return nobjects_; }
  /// Of a contested place; objects(): it is none.
  std::uint32_t object_at(std::uint64_t place) const;

 private:
  using Locks = std::vector<const void*>;
  static constexpr std::size_t kMostPlaces = 1024, kMostUses = 64;
  struct Use {  // of one object, at one place
    std::uint64_t place;
    std::uint32_t task;
    bool many, changes;  // by more than that task
    Locks locks;         // held each time
    std::uint32_t first, last;  // the how-manieth uses of the object
  };
  struct Object {
    std::vector<Use> uses;
    std::uint32_t n = 0;      // of all uses
    std::uint64_t order = 0;  // hash
  };
  static bool meet(const Use& a, const Use& b);
  Locks& held(std::uint32_t task);
  std::uint32_t note(std::uint64_t place, std::uint32_t& object);

  IdMap objects_, known_, visits_, most_visits_;  // the last two of goroutines at places; of places
  std::vector<Object> all_;                       // by objects_
  bool alone_ = true;                             // nobody but main has done anything
  std::vector<Locks> held_;                       // by task
  std::vector<Place> places_;
  std::uint32_t nobjects_ = 0;
};

}  // namespace newproc::explore
