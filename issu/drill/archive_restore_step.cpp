#include <fmt/format.h>

#include <algorithm>

#include "issu/config/router_config.hpp"
#include "issu/drill/archive_tools.hpp"
#include "issu/drill/lab.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

/// Sessions that began again are up by then, and have their routes.
constexpr auto kBack = std::chrono::seconds(90);

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

/// A copy where no purge takes it away.
Result<std::filesystem::path> Runner::keep_archive() const {
  const auto config = config::load_router(stage_->router_file);
  if (!config) {
    return fail(config.error());
  }
  const auto copy = stage_->evidence / "kept.checkpoint";
  std::error_code error;
  std::filesystem::copy_file(config->archive.folder / (std::string(archive_name) + ".checkpoint"),
                             copy, std::filesystem::copy_options::overwrite_existing, error);
  if (error) {
    return fail("copying the archive to " + copy.string() + ": " + error.message());
  }
  return copy;
}

Result<void> Runner::archive_restore(const ArchiveStep& step, const std::string& name) {
  const bool reimage = step.what == "reimage";
  const bool rebuild = reimage || step.what == "rebuild";
  const auto routes_before = npu_routes(*stage_);
  auto watch = Watch::begin(*stage_, step.what);
  if (!watch) {
    return fail(std::move(watch).error());
  }
  if (interrupt_->sleep(std::chrono::seconds(1))) {
    return fail("interrupted");
  }
  const auto peers_before = watch->routes();
  const auto own_before = own_sessions(*stage_);
  const PeerEnds ends(*stage_);
  Argv words{"restore", archive_name};
  if (reimage) {
    auto kept = keep_archive();
    if (!kept) {
      return fail(std::move(kept).error());
    }
    words = {"restore", kept->string(), "--image", bundle_of(step.image, stage_->images).string()};
  }
  if (rebuild) {
    auto down = archive_command(
        name, reimage ? Argv{"router", "down", "--purge"} : Argv{"router", "down"}, 0);
    if (!down) {
      return fail(std::move(down).error());
    }
  }
  if (!rebuild) {
    words.emplace_back("--replace");
  }
  const MonoNs began = mono_now();
  auto program = start(with_archive_key(*stage_, words));
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
  if (interrupt_->sleep(stream_tail)) {
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
  if (reimage) {
    // What `issu rollback` goes back to after the next upgrade.
    std::error_code error;
    const auto bundle = bundle_of(step.image, stage_->images);
    const auto kept = stage_->territory.folders.front() / "current.raucb";
    judge_fact(name + ": the router keeps the bundle of its image",
               fmt::format("{}", std::filesystem::file_size(bundle, error)),
               std::filesystem::exists(kept)
                   ? fmt::format("{}", std::filesystem::file_size(kept, error))
                   : "none");
  }
  if (!rebuild) {
    judge_fact(name + ": the data plane was measured", "true", seen->measured ? "true" : "false");
    judge_fact(name + ": packets lost", "0", fmt::format("{}", seen->lost));
  }
  return {};
}

}  // namespace issu::drill
