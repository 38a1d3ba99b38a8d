#include "explore/driver.hpp"

#include "explore/drivers/portfolio.hpp"
#include "explore/drivers/stalls.hpp"
#include "explore/drivers/surw.hpp"
#include "explore/drivers/systematic.hpp"
#include "explore/drivers/walks.hpp"

namespace newproc::explore {

const char* driver_names() { return "portfolio, go, random, pct, pos, urw, surw, places, stalls, bounded, dfs"; }

std::unique_ptr<Driver> make_driver(std::string_view name, const DriverOptions& options) {
  if (name == "portfolio") return std::make_unique<Portfolio>(options);
  if (name == "go") return std::make_unique<Faithful>();
  if (name == "random") return std::make_unique<RandomWalk>();
  if (name == "pct") return std::make_unique<Pct>(options.depth, options.later_lower);
  if (name == "pos") return std::make_unique<Pos>();
  if (name == "urw") return std::make_unique<Urw>();
  if (name == "surw") return std::make_unique<Surw>();
  if (name == "places") return std::make_unique<Places>();
  if (name == "stalls") return std::make_unique<Stalls>();
  if (name == "bounded") return std::make_unique<FewestFirst>(options.bound);
  if (name == "dfs") return std::make_unique<DepthFirst>();
  return nullptr;
}

}  // namespace newproc::explore
