#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/config/router_config.hpp"
#include "issu/drill/runner.hpp"
#include "issu/measure/probe.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

constexpr const char* kName = "drill";
/// Streams go on for so long after what is measured: a loss shows when the next frame comes.
constexpr auto kAfterwards = std::chrono::seconds(3);
/// Sessions that began again are up by then, and have their routes.
constexpr auto kBack = std::chrono::seconds(90);
constexpr std::size_t kFlips = 12;

/// The lab's streams and peers, watched while something is done.
class Watch {
 public:
  static Result<Watch> begin(const Stage& stage, const std::string& name) {
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
  Watch(Watch&& other) noexcept
      : folder_(std::move(other.folder_)), process_(std::exchange(other.process_, {})) {}
  Watch& operator=(Watch&&) = delete;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    if (process_.pid != 0) {
      (void)measure::Probe::stop(process_, folder_);
    }
  }

  Result<measure::Measurement> end() {
    return measure::Probe::stop(std::exchange(process_, {}), folder_);
  }
  /// All sessions established at the peers, each with as many routes as `routes` says.
  [[nodiscard]] bool all_back(const std::vector<std::uint64_t>& routes) const {
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
  /// Routes that each peer has of us now.
  [[nodiscard]] std::vector<std::uint64_t> routes() const {
    std::vector<std::uint64_t> counts;
    if (const auto live = measure::read_live(folder_)) {
      for (const auto& session : live->sessions) {
        counts.push_back(session.routes);
      }
    }
    return counts;
  }

 private:
  Watch() = default;
  std::filesystem::path folder_;
  ProcessId process_;
};

std::filesystem::path key_of(const Stage& stage) {
  return stage.evidence / "archive.key";
}

Argv with_key(const Stage& stage, Argv words) {
  words.insert(words.begin(), "checkpoint");
  words.emplace_back("--key-file");
  words.push_back(key_of(stage).string());
  return words;
}

Result<void> make_key(const Stage& stage) {
  ISSU_TRY(make_dirs(stage.evidence), "");
  std::random_device random;
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += fmt::format("{:08x}", random());
  }
  return write_file_atomic(key_of(stage), text, 0600);
}

Result<void> flip(const std::filesystem::path& file, std::uint64_t at) {
  const Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  unsigned char byte = 0;
  if (!fd || ::pread(fd.get(), &byte, 1, static_cast<off_t>(at)) != 1) {
    return fail_errno("reading " + file.string());
  }
  byte ^= 1U;
  if (::pwrite(fd.get(), &byte, 1, static_cast<off_t>(at)) != 1) {
    return fail_errno("changing " + file.string());
  }
  return {};
}

json router_shown(const Stage& stage) {
  const auto said =
      run({stage.issu.string(), "router", "show", "-f", stage.router_file.string(), "--json"});
  json shown = said ? json::parse(said->out, nullptr, false) : json();
  return shown.is_object() ? shown : json::object();
}

std::uint64_t npu_routes(const Stage& stage) {
  const json routes = router_shown(stage).value("routes", json());
  return routes.is_object()
             ? routes.value("ipv4", std::uint64_t{0}) + routes.value("ipv6", std::uint64_t{0})
             : 0;
}

/// Prefixes of each established session, as the router itself sees them.
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

std::size_t went_down(const measure::Measurement& seen) {
  return static_cast<std::size_t>(std::count_if(seen.sessions.begin(), seen.sessions.end(),
                                                [](const auto& each) { return each.went_down; }));
}

std::uint64_t withdrawn(const measure::Measurement& seen) {
  std::uint64_t sum = 0;
  for (const auto& session : seen.sessions) {
    sum += session.routes_withdrawn;
  }
  return sum;
}

double longest_down_ms(const measure::Measurement& seen) {
  double longest = 0;
  for (const auto& session : seen.sessions) {
    longest = std::max(longest, session.longest_down_ms);
  }
  return longest;
}

/// Addresses of the peers' ends of the router's links: they go with the links when the router is
/// taken down, and the peers' own configuration does not bring them back.
class PeerEnds {
 public:
  explicit PeerEnds(const Stage& stage) {
    const auto config = config::load_router(stage.router_file);
    if (!config) {
      return;
    }
    for (const auto& port : config->router.ports) {
      const auto said = run({"ip", "-n", port.peer_netns, "-json", "address", "show", "dev",
                             port.peer_name, "scope", "global"});
      const json links = said ? json::parse(said->out, nullptr, false) : json();
      for (const auto& link : links.is_array() ? links : json::array()) {
        for (const auto& each : link.value("addr_info", json::array())) {
          if (!each.contains("local")) {
            continue;  // one that the question left out
          }
          ends_.push_back(
              {"ip", "-n", port.peer_netns, "address", "replace",
               fmt::format("{}/{}", each.value("local", ""), each.value("prefixlen", 0)), "dev",
               port.peer_name, "nodad"});
          if (ends_.back()[5].find(':') == std::string::npos) {
            ends_.back().pop_back();
          }
        }
      }
    }
  }
  Result<void> put_back() const {
    for (const Argv& words : ends_) {
      if (auto done = run_checked(words); !done) {
        return pass(std::move(done).error(), "giving the peers their addresses again");
      }
    }
    return {};
  }

 private:
  std::vector<Argv> ends_;
};

}  // namespace

void Runner::judge_fact(const std::string& what, const std::string& expected,
                        const std::string& got) {
  judgements_.push_back({what, expected, got, expected == got, {}});
}

Result<json> Runner::archive_command(const std::string& name, Argv words, int expected) {
  const std::string verb = words.at(1);
  auto program = start(std::move(words), 0);
  auto status = program ? end(*program) : Result<int>(fail(program.error()));
  if (!status) {
    return fail(std::move(status).error());
  }
  judge_exit(name + ": " + verb, expected, *status, *program);
  json answer = json::parse(program->output(), nullptr, false);
  return answer.is_object() ? answer : json::object();
}

Result<void> Runner::archive_save(const std::string& name) {
  ISSU_TRY(make_key(*stage_), "making the archive's key");
  auto watch = Watch::begin(*stage_, "save");
  if (!watch) {
    return fail(std::move(watch).error());
  }
  const auto keys = stage_->images / "keys";
  auto said = archive_command(
      name,
      with_key(*stage_, {"save", kName, "--certificate", (keys / "signer.pem").string(),
                         "--signing-key", (keys / "signer.key").string(), "--force"}),
      0);
  if (!said) {
    return fail(std::move(said).error());
  }
  if (interrupt_->sleep(kAfterwards)) {
    return fail("interrupted");
  }
  const auto seen = watch->end();
  if (!seen) {
    return fail(seen.error());
  }
  stage_->say(
      fmt::format("  {:.1f} MiB, control plane dark for {:.0f} ms, {} packets sent, {} lost",
                  static_cast<double>(said->value("file_bytes", std::uint64_t{0})) / (1U << 20U),
                  said->value("dark_ms", 0.0), seen->sent, seen->lost));
  judge_fact(name + ": the data plane was measured", "true", seen->measured ? "true" : "false");
  judge_fact(name + ": packets lost", "0", fmt::format("{}", seen->lost));
  judge_fact(name + ": sessions that left Established", "0", fmt::format("{}", went_down(*seen)));
  judge_fact(name + ": routes withdrawn at the peers", "0", fmt::format("{}", withdrawn(*seen)));
  auto verified = archive_command(name, with_key(*stage_, {"verify", kName}), 0);
  if (!verified) {
    return fail(std::move(verified).error());
  }
  auto shown = archive_command(name, with_key(*stage_, {"show", kName}), 0);
  if (!shown) {
    return fail(std::move(shown).error());
  }
  judge_fact(name + ": the archive says of which router it is", stage_->territory.id,
             shown->value("/manifest/router"_json_pointer, ""));
  return {};
}

Result<void> Runner::archive_tamper(const std::string& name) {
  auto shown = archive_command(name, with_key(*stage_, {"show", kName}), 0);
  if (!shown) {
    return fail(std::move(shown).error());
  }
  const std::filesystem::path file = shown->value("file", "");
  const auto size = shown->value("file_bytes", std::uint64_t{1});
  const auto before = npu_routes(*stage_);
  for (std::size_t i = 0; i < kFlips; ++i) {
    const std::uint64_t at = (size - 1) * i / (kFlips - 1);
    ISSU_TRY(flip(file, at), "tampering");
    auto refused = archive_command(fmt::format("{}: byte {} flipped", name, at),
                                   with_key(*stage_, {"verify", kName}), 3);
    if (refused && i + 1 == kFlips) {
      refused = archive_command(fmt::format("{}: byte {} flipped", name, at),
                                with_key(*stage_, {"restore", kName, "--replace"}), 3);
    }
    ISSU_TRY(flip(file, at), "tampering");
    if (!refused) {
      return fail(std::move(refused).error());
    }
  }
  judge_fact(name + ": the router has its routes", fmt::format("{}", before),
             fmt::format("{}", npu_routes(*stage_)));
  auto good = archive_command(name, with_key(*stage_, {"verify", kName}), 0);
  return good ? Result<void>{} : fail(std::move(good).error());
}

Result<void> Runner::archive_restore(const std::string& name, bool rebuild) {
  const auto routes_before = npu_routes(*stage_);
  auto watch = Watch::begin(*stage_, rebuild ? "rebuild" : "restore");
  if (!watch) {
    return fail(std::move(watch).error());
  }
  if (interrupt_->sleep(std::chrono::seconds(1))) {
    return fail("interrupted");
  }
  const auto peers_before = watch->routes();
  const auto own_before = own_sessions(*stage_);
  const PeerEnds ends(*stage_);
  if (rebuild) {
    auto down = archive_command(name, {"router", "down"}, 0);
    if (!down) {
      return fail(std::move(down).error());
    }
  }
  Argv words{"restore", kName};
  if (!rebuild) {
    words.emplace_back("--replace");
  }
  const MonoNs began = mono_now();
  auto program = start(with_key(*stage_, words), 0);
  if (!program) {
    return fail(std::move(program).error());
  }
  // It waits for the sessions; the peers need their addresses for them.
  while (rebuild && !program->poll() && !ends.put_back()) {
    if (interrupt_->sleep(std::chrono::milliseconds(100))) {
      return fail("interrupted");
    }
  }
  auto status = end(*program);
  if (!status) {
    return fail(std::move(status).error());
  }
  judge_exit(name + ": restore", 0, *status, *program);
  // The peers notice when the first packet of an old session is answered.
  if (interrupt_->sleep(kAfterwards)) {
    return fail("interrupted");
  }
  const Deadline deadline = Deadline::in(kBack);
  bool back = false;
  // The streams end with the links that a router takes down with it.
  const auto all_back = [&] {
    return (rebuild ? own_sessions(*stage_) == own_before : watch->all_back(peers_before)) &&
           npu_routes(*stage_) >= routes_before;
  };
  while (!(back = all_back()) && !deadline.passed()) {
    if (interrupt_->sleep(std::chrono::milliseconds(200))) {
      return fail("interrupted");
    }
  }
  const double seconds = to_s(mono_now() - began);
  const auto seen = watch->end();
  if (!seen) {
    return fail(seen.error());
  }
  stage_->say(fmt::format(
      "  all back after {:.1f} s, longest session down {:.0f} ms, {} routes withdrawn at the "
      "peers, {} packets sent, {} lost",
      seconds, longest_down_ms(*seen), withdrawn(*seen), seen->sent, seen->lost));
  judge_fact(name + ": sessions and routes are back", "true", back ? "true" : "false");
  judge_fact(name + ": routes in the NPU", fmt::format("{}", routes_before),
             fmt::format("{}", npu_routes(*stage_)));
  if (!rebuild) {
    judge_fact(name + ": the data plane was measured", "true", seen->measured ? "true" : "false");
    judge_fact(name + ": packets lost", "0", fmt::format("{}", seen->lost));
  }
  return {};
}

Result<void> Runner::take_archive(const ArchiveStep& step, const std::string& name) {
  if (step.what == "save") {
    return archive_save(name);
  }
  if (step.what == "tamper") {
    return archive_tamper(name);
  }
  return archive_restore(name, step.what == "rebuild");
}

}  // namespace issu::drill
