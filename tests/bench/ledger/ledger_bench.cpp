// `issu sla show` of a router with 1,000 upgrades: the whole program, from its start to its end,
// beside one that does nothing (`issu --version`). Turn by turn, medians of 41. The argument is the
// number of upgrades. The ledger is up to the history's end, as after every upgrade; the first
// call, which takes all of it in, is shown apart.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace issu;

constexpr int turns = 41;

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  std::exit(1);
}

/// A router's folder; gone at the end of its life.
class Router {
 public:
  explicit Router(int upgrades)
      : folder_(fs::temp_directory_path() / ("issu-bench-ledger-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_ / "config");
    fs::create_directories(folder_ / "state");
    std::ofstream(folder_ / "keyring.pem") << "certificates\n";
    std::ofstream(file()) << "[router]\nname = \"edge1\"\nsuite = \"bird\"\n"
                             "config_dir = \"config\"\nstate_dir = \"state\"\nrun_dir = \"run\"\n"
                             "[images]\ncompatible = \"x\"\nkeyring = \"keyring.pem\"\n[[port]]\n"
                             "name = \"east\"\naddresses = []\ndevice = \"enp1s0\"\n"
                             "[sla]\navailability = 99.999\ncontrol_plane_availability = 99.9\n";
    std::ofstream history(folder_ / "state" / "history.jsonl");
    constexpr std::int64_t day = 86'400'000'000'000;
    for (int number = 0; number < upgrades; ++number) {
      history << document(number, wall_now() - (upgrades - number) * day / 3).dump() << "\n";
    }
  }
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  ~Router() { fs::remove_all(folder_); }

  [[nodiscard]] std::string file() const { return folder_ / "router.toml"; }

 private:
  static nlohmann::json document(int number, std::int64_t started) {
    nlohmann::json phases = nlohmann::json::array();
    for (const char* phase : {"preflight", "stage", "checkpoint", "presync", "freeze", "switchover",
                              "reconcile", "soak", "commit"}) {
      phases.push_back({{"name", phase}, {"seconds", 1.25}, {"result", "ok"}});
    }
    return {{"id", "run-" + std::to_string(number)},
            {"router", "edge1"},
            {"started", iso_time(started)},
            {"backend", number % 3 == 0 ? "vm" : "lxc"},
            {"kind", "rootfs"},
            {"strategy", number % 3 == 0 ? "standby" : "restart"},
            {"from", "8.4.4"},
            {"to", "10.3"},
            {"outcome", number % 17 == 0 ? "rolled-back" : "committed"},
            {"phases", phases},
            {"data_plane", {{"measured", number % 29 != 0}, {"lost", number % 7}}},
            {"control_plane", {{"measured", true}, {"dark_ms", 400.0 + number % 101}}},
            {"npu", {{"routes_before", 100'000 + number}}},
            {"rfc7654", {{"tpl_ms", 0.1 * (number % 7)}}},
            {"clock", {{"duration_s", 21.5}, {"stepped_s", 0.0}, {"boot", "one"}}}};
  }
  fs::path folder_;
};

double milliseconds_of(const Argv& words) {
  const MonoNs began = mono_now();
  auto ran = run(words);
  const MonoNs took = mono_now() - began;
  if (!ran) {
    give_up(ran.error());
  }
  if (ran->status != 0) {
    give_up(Error(words[1] + " ended with " + std::to_string(ran->status) + ": " + ran->err));
  }
  return to_ms(took);
}

void say(const char* what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  std::printf("%-28s median %7.2f ms   least %7.2f   most %7.2f\n", what, times[times.size() / 2],
              times.front(), times.back());
}

}  // namespace

int main(int argc, char** argv) {
  const int upgrades = argc > 1 ? std::atoi(argv[1]) : 1000;
  const Router router(upgrades);
  const Argv show{ISSU_BIN_DIR "/issu", "sla", "show", "-f", router.file()};
  Argv show_json = show;
  show_json.emplace_back("--json");
  std::printf("%d upgrades; taken in from the history: %.1f ms\n", upgrades, milliseconds_of(show));
  std::vector<double> nothing;
  std::vector<double> text;
  std::vector<double> json;
  for (int turn = 0; turn < turns; ++turn) {
    nothing.push_back(milliseconds_of({ISSU_BIN_DIR "/issu", "--version"}));
    text.push_back(milliseconds_of(show));
    json.push_back(milliseconds_of(show_json));
  }
  say("issu --version", nothing);
  say("issu sla show", text);
  say("issu sla show --json", json);
  return 0;
}
