// How long the control plane is dark, by its parts: an upgrade beside a plain stop and start
// (SIGTERM) of the same daemons in the same lab, one after the other, medians of both.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/config/router_config.hpp"
#include "issu/drill/drill.hpp"
#include "issu/drill/lab.hpp"
#include "issu/measure/evaluate.hpp"
#include "issu/measure/probe.hpp"

namespace {

using namespace issu;
using nlohmann::json;

constexpr auto answer_within = std::chrono::minutes(3);
/// What one way to change the daemons cost, a value a round.
using Costs = std::map<std::string, std::vector<double>>;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Result<json> ask_issu(const std::filesystem::path& program, Argv words,
                      const drill::Layout& layout) {
  words.insert(words.begin(), program.string());
  for (const std::string& word :
       {std::string("-f"), layout.router_file().string(), std::string("--json")}) {
    words.push_back(word);
  }
  RunOptions options;
  options.timeout = answer_within;
  auto said = run_checked(words, options);
  if (!said) {
    return fail(std::move(said).error());
  }
  auto answer = json::parse(*said, nullptr, false);
  return answer.is_discarded() ? Result<json>(fail("no JSON came back")) : answer;
}

Result<void> upgrade(const drill::Surroundings& around, const drill::Layout& layout,
                     const std::string& image, Costs& costs) {
  auto document = ask_issu(around.issu,
                           {"upgrade", "--image", (around.images / (image + ".raucb")).string(),
                            "--auto-accept", "--soak", "1s"},
                           layout);
  if (!document) {
    return fail(std::move(document).error());
  }
  const json& control = (*document)["control_plane"];
  if (control["dark_ms"].is_null() || (*document)["data_plane"]["lost"].is_null()) {
    return fail("an upgrade was not measured: " + control.dump());
  }
  costs["dark, ms"].push_back(control["dark_ms"]);
  for (const json& part : control["parts"]) {
    costs["  " + part["name"].get<std::string>()].push_back(part["ms"]);
  }
  costs["packets lost"].push_back((*document)["data_plane"]["lost"]);
  double withdrawn = 0;
  for (const json& session : control["sessions"]) {
    withdrawn += session["routes_withdrawn"].get<double>();
  }
  costs["routes withdrawn at the peers"].push_back(withdrawn);
  return {};
}

Result<void> stop_daemons(const json& shown) {
  for (const json& slot : shown["slots"]) {
    for (const json& daemon : slot["daemons"]) {
      if (daemon["pid"].get<int>() > 0 && ::kill(daemon["pid"].get<int>(), SIGTERM) != 0) {
        return fail_errno("stopping " + daemon["name"].get<std::string>());
      }
    }
  }
  return {};
}

/// The daemons are stopped as a service manager would; process 1 of the container starts them
/// again 50 ms after they have ended.
Result<void> stop_and_start(const drill::Surroundings& around, const drill::Layout& layout,
                            const drill::LabSpec& lab, Costs& costs) {
  auto config = config::load_router(layout.router_file());
  if (!config) {
    return fail(std::move(config).error());
  }
  auto shown = ask_issu(around.issu, {"router", "show"}, layout);
  if (!shown) {
    return fail(std::move(shown).error());
  }
  const auto folder = layout.work / "plain";
  auto probe = measure::Probe::start(config->measure, folder);
  if (!probe) {
    return fail(std::move(probe).error());
  }
  sleep_for(std::chrono::seconds(2));
  const MonoNs from = mono_now();
  auto stopped = stop_daemons(*shown);
  const auto count = drill::announced(lab.peers);
  const bool back =
      stopped && wait_until(
                     [&] {
                       if (mono_now() - from < 3'000'000'000 || !drill::peers_have(layout, count)) {
                         return false;
                       }
                       auto now = ask_issu(around.issu, {"router", "show"}, layout);
                       return now && !(*now)["routes"].is_null() &&
                              (*now)["routes"]["ipv4"].get<std::uint64_t>() >= count.ipv4 &&
                              (*now)["routes"]["ipv6"].get<std::uint64_t>() >= count.ipv6;
                     },
                     Deadline::in(answer_within), std::chrono::milliseconds(200));
  sleep_for(std::chrono::seconds(2));
  auto seen = measure::Probe::stop(*probe, folder);
  ISSU_TRY(std::move(stopped), "");
  if (!seen || !back) {
    return back ? fail(std::move(seen).error()) : fail("the router did not come back");
  }
  const auto dark = measure::control_plane_dark(*seen, from, seen->end);
  if (!dark) {
    return fail("the plain stop and start was not measured");
  }
  costs["dark, ms"].push_back(*dark);
  costs["packets lost"].push_back(static_cast<double>(seen->lost));
  double withdrawn = 0;
  for (const auto& session : seen->sessions) {
    withdrawn += static_cast<double>(session.routes_withdrawn);
  }
  costs["routes withdrawn at the peers"].push_back(withdrawn);
  return {};
}

void print(const std::string& name, Costs& costs) {
  fmt::print("\n{:<72} {:>9} {:>9} {:>9}\n", name, "median", "least", "most");
  for (const auto& [what, values] : costs) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    fmt::print("  {:<70} {:>9.0f} {:>9.0f} {:>9.0f}\n", what, median(values), *least, *most);
  }
}

Result<void> bench(const drill::Scenario& scenario, const std::string& other, unsigned rounds,
                   const drill::DrillOptions& options) {
  drill::Interrupt interrupt;
  const drill::Surroundings around{options.issu, options.images, options.work,
                                   [](const std::string& line) { fmt::print("{}\n", line); }};
  Costs upgrades;
  Costs plain;
  for (unsigned round = 1; round <= rounds && !interrupt.came(); ++round) {
    fmt::print("round {} of {}\n", round, rounds);
    // A lab each round: BIRD makes a peer that ended its session wait for longer each time
    // (error wait time, 60 s at first).
    auto lab = drill::Lab::build(scenario.lab, around, interrupt);
    if (!lab) {
      return fail(std::move(lab).error());
    }
    ISSU_TRY(upgrade(around, lab->layout(), other, upgrades), "upgrade");
    ISSU_TRY(stop_and_start(around, lab->layout(), scenario.lab, plain), "plain stop and start");
    ISSU_TRY(lab->take_away(), "taking the lab away");
  }
  if (plain.empty()) {
    return fail("interrupted");
  }
  print("issu upgrade", upgrades);
  print("stop (SIGTERM) and start of the same daemons", plain);
  fmt::print("\ndark time of an upgrade: {:.2f} of that of a stop and start, {} 2 s\n",
             median(upgrades["dark, ms"]) / median(plain["dark, ms"]),
             median(upgrades["dark, ms"]) < 2000 ? "under" : "NOT under");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Dark time of an upgrade beside a plain stop and start of the same daemons");
  std::string file = "scenarios/container-restart.toml";
  std::string other = "frr-trixie";
  unsigned rounds = 3;
  app.add_option("--scenario", file, "Whose lab it is")->capture_default_str();
  app.add_option("--image", other, "What is upgraded to")->capture_default_str();
  app.add_option("--rounds", rounds)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  auto options = drill::default_options();
  options.issu = options.issu.parent_path() / "issu";
  auto scenario = drill::load_scenario(file);
  auto done = scenario ? bench(*scenario, other, rounds, options)
                       : Result<void>(fail(std::move(scenario).error()));
  if (!done) {
    fmt::print(stderr, "{}\n", done.error().message());
    return 1;
  }
  return 0;
}
