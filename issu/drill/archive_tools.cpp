#include "issu/drill/archive_tools.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "issu/base/file.hpp"
#include "issu/config/router_config.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

std::filesystem::path key_of(const Stage& stage, bool passphrase) {
  return stage.evidence / (passphrase ? "archive.passphrase" : "archive.key");
}

json router_shown(const Stage& stage) {
  const auto said =
      run({stage.issu.string(), "router", "show", "-f", stage.router_file.string(), "--json"});
  json shown = said ? json::parse(said->out, nullptr, false) : json();
  return shown.is_object() ? shown : json::object();
}

}  // namespace

Result<Watch> Watch::begin(const Stage& stage, const std::string& name) {
  auto config = config::load_router(stage.router_file);
  if (!config) {
    return fail(std::move(config).error());
  }
  Watch watch;
  watch.folder_ = stage.evidence / ("measure-" + name);
  ISSU_TRY(make_dirs(watch.folder_), "measuring");
  auto started = measure::Probe::start(config->measure, watch.folder_);
  if (!started) {
    return fail(std::move(started).error());
  }
  watch.process_ = *started;
  return watch;
}

Watch::Watch(Watch&& other) noexcept
    : folder_(std::move(other.folder_)), process_(std::exchange(other.process_, {})) {}

Watch::~Watch() {
  if (process_.pid != 0) {
    (void)measure::Probe::stop(process_, folder_);
  }
}

Result<measure::Measurement> Watch::end() {
  return measure::Probe::stop(std::exchange(process_, {}), folder_);
}

bool Watch::all_back(const std::vector<std::uint64_t>& routes) const {
  const auto live = measure::read_live(folder_);
  if (!live || live->sessions.size() != routes.size()) {
    return false;
  }
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (!live->sessions[i].established || live->sessions[i].routes < routes[i]) {
      return false;
    }
  }
  return true;
}

std::vector<std::uint64_t> Watch::routes() const {
  std::vector<std::uint64_t> counts;
  if (const auto live = measure::read_live(folder_)) {
    for (const auto& session : live->sessions) {
      counts.push_back(session.routes);
    }
  }
  return counts;
}

std::uint64_t withdrawn(const measure::Measurement& seen) {
  std::uint64_t sum = 0;
  for (const auto& session : seen.sessions) {
    sum += session.routes_withdrawn;
  }
  return sum;
}

Result<void> make_archive_key(const Stage& stage, bool passphrase) {
  ISSU_TRY(make_dirs(stage.evidence), "");
  std::error_code ignored;
  std::filesystem::remove(key_of(stage, !passphrase), ignored);
  std::random_device random;
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += fmt::format("{:08x}", random());
  }
  return write_file_atomic(key_of(stage, passphrase), text, 0600);
}

Argv with_archive_key(const Stage& stage, Argv words) {
  const bool passphrase = std::filesystem::exists(key_of(stage, true));
  words.insert(words.begin(), "checkpoint");
  words.emplace_back(passphrase ? "--passphrase-file" : "--key-file");
  words.push_back(key_of(stage, passphrase).string());
  return words;
}

std::uint64_t npu_routes(const Stage& stage) {
  const json routes = router_shown(stage).value("routes", json());
  return routes.is_object()
             ? routes.value("ipv4", std::uint64_t{0}) + routes.value("ipv6", std::uint64_t{0})
             : 0;
}

std::vector<std::uint64_t> own_sessions(const Stage& stage) {
  std::vector<std::uint64_t> prefixes;
  for (const auto& slot : router_shown(stage).value("slots", json::array())) {
    for (const auto& session : slot.value("sessions", json::array())) {
      if (session.value("established", false)) {
        prefixes.push_back(session.value("prefixes", std::uint64_t{0}));
      }
    }
  }
  return prefixes;
}

}  // namespace issu::drill
