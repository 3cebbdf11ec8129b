#include "issu/drill/lab.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/drill/configs.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// bgpd tells every neighbour for so long after its start that it has restarted itself (its default
/// restart time, whatever is configured). A neighbour that restarts then does not wait for its
/// routes, and neither would a router in an upgrade.
constexpr auto kFrrStartup = std::chrono::seconds(122);
constexpr auto kRouterUp = std::chrono::seconds(120);

/// What an image's manifest says under "compatible".
Result<std::string> compatible_of(const Surroundings& around, const fs::path& bundle) {
  auto said = run_checked({around.issu.string(), "image", "info", bundle.string(), "--json"});
  if (!said) {
    return fail(std::move(said).error());
  }
  const json info = json::parse(*said, nullptr, false);
  if (!info.is_object() || !info.contains("compatible")) {
    return fail("`issu image info` says no \"compatible\" of " + bundle.string(), "build it again");
  }
  return info["compatible"].get<std::string>();
}

RouteCount routes_of_router(const Surroundings& around, const Layout& layout) {
  const auto said =
      run({around.issu.string(), "router", "show", "-f", layout.router_file().string(), "--json"});
  const json shown = said ? json::parse(said->out, nullptr, false) : json();
  if (!shown.is_object() || !shown.contains("routes") || !shown["routes"].is_object()) {
    return {};
  }
  return {shown["routes"].value("ipv4", std::uint64_t{0}),
          shown["routes"].value("ipv6", std::uint64_t{0})};
}

Result<void> settle(const LabSpec& spec, const Surroundings& around, const Layout& layout,
                    Interrupt& interrupt) {
  const RouteCount wanted = announced(spec.peers);
  const Deadline deadline =
      Deadline::in(std::chrono::milliseconds(static_cast<std::int64_t>(spec.settle_s * 1000)));
  RouteCount there;
  while (true) {
    there = routes_of_router(around, layout);
    if (there.ipv4 >= wanted.ipv4 && there.ipv6 >= wanted.ipv6 && peers_have(layout, wanted)) {
      return {};
    }
    if (deadline.passed()) {
      if (const std::string mute = peers_without_session(layout, around.scenario); !mute.empty()) {
        return fail(fmt::format("{} within {} s", mute, spec.settle_s),
                    "look at the peers' logs, and at the router's, in the evidence");
      }
      return fail(
          fmt::format("after {} s the router holds {} of {} IPv4 and {} of {} IPv6 routes{}",
                      spec.settle_s, there.ipv4, wanted.ipv4, there.ipv6, wanted.ipv6,
                      there.ipv4 < wanted.ipv4 || there.ipv6 < wanted.ipv6
                          ? ""
                          : ", and a peer has not heard of all of them or is not adjacent"),
          "look at the peers' logs in " + (layout.work / "peers").string());
    }
    if (interrupt.sleep(std::chrono::milliseconds(500))) {
      return fail("interrupted");
    }
  }
}

Result<void> outlast_startup(const LabSpec& spec, const Surroundings& around, Deadline over,
                             Interrupt& interrupt) {
  const bool has_frr = std::any_of(spec.peers.begin(), spec.peers.end(),
                                   [](const PeerSpec& peer) { return peer.daemon == "frr"; });
  if (!has_frr || !spec.outlast_startup) {
    return {};
  }
  around.say(fmt::format("an FRR peer says of itself that it has just restarted, for {} s more",
                         over.left_ms() / 1000));
  return interrupt.sleep(std::chrono::milliseconds(over.left_ms())) ? fail("interrupted")
                                                                    : Result<void>();
}

/// In place of a second machine. Before the router is up, in the namespace that its NPU will have.
Result<void> start_hypervisors(const LabSpec& spec, const Layout& layout, LabRecord& record) {
  if (spec.hypervisors == 0) {
    return {};
  }
  ISSU_TRY(NetNs::create(layout.npu_netns()), "the lab's hypervisors");
  unsigned number = 0;
  for (const char* slot : {"a", "b"}) {
    auto started = layout.hypervisor(slot).start(++number);
    if (!started) {
      return fail(std::move(started).error());
    }
    record.processes.push_back({*started, "libvirtd of slot " + std::string(slot)});
    ISSU_TRY(record.save(), "writing the lab down");
  }
  return {};
}

Result<void> raise(const LabSpec& spec, const Surroundings& around, const Layout& layout,
                   LabRecord& record, Interrupt& interrupt) {
  const fs::path bundle = bundle_of(spec.image, around.images);
  auto compatible = compatible_of(around, bundle);
  if (!compatible) {
    return fail(std::move(compatible).error());
  }
  around.say(fmt::format("lab {}: {} peers, {} routes", layout.id, layout.peers.size(),
                         announced(spec.peers).ipv4 + announced(spec.peers).ipv6));
  ISSU_TRY(make_peers(spec, layout, record, *compatible, around.images / "keyring.pem"), "the lab");
  ISSU_TRY(start_hypervisors(spec, layout, record), "the lab");
  RunOptions patient;
  patient.timeout = kRouterUp;
  auto up = run_checked({around.issu.string(), "router", "up", "-f", layout.router_file().string(),
                         "--image", bundle.string()},
                        patient);
  if (!up) {
    return pass(std::move(up).error(), "bringing the lab's router up");
  }
  ISSU_TRY(start_peers(layout, record), "the lab");
  const Deadline over = Deadline::in(kFrrStartup);
  around.say("lab " + layout.id + ": the router is up with " + spec.image +
             ", waiting for sessions and routes");
  ISSU_TRY(settle(spec, around, layout, interrupt), "the lab");
  return outlast_startup(spec, around, over, interrupt);
}

/// The router's machine has the last processor to itself. In a router, what forwards is other
/// hardware, and so are neighbours and what measures: here they would take its time.
Result<std::optional<BoundThread>> stand_apart(const LabSpec& spec, const Surroundings& around,
                                               Layout& layout) {
  if (!spec.apart) {
    return std::optional<BoundThread>();
  }
  auto ours = own_processors();
  if (!ours) {
    return fail(std::move(ours).error());
  }
  if (ours->size() < 2) {
    around.say("there is one processor only: the router's machine has none to itself");
    return std::optional<BoundThread>();
  }
  layout.cpus = std::to_string(ours->back());
  ours->pop_back();
  around.say("lab " + layout.id + ": processor " + layout.cpus + " is the router's machine's, " +
             std::to_string(ours->size()) + " for all else");
  auto bound = BoundThread::to(*ours);
  return bound ? Result<std::optional<BoundThread>>(std::move(*bound))
               : fail(std::move(bound).error());
}

void copy_logs(const fs::path& from, const fs::path& to) {
  std::error_code ignored;
  if (!fs::exists(from, ignored)) {
    return;
  }
  fs::create_directories(to, ignored);
  for (auto entry = fs::recursive_directory_iterator(from, ignored);
       !ignored && entry != fs::recursive_directory_iterator(); entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    const bool wanted = name.ends_with(".log") || name.ends_with(".json") ||
                        name.ends_with(".jsonl") || name.ends_with(".toml") || name == "journal";
    if (entry->is_regular_file(ignored) && wanted) {
      const fs::path target = to / entry->path().lexically_relative(from);
      fs::create_directories(target.parent_path(), ignored);
      fs::copy_file(entry->path(), target, fs::copy_options::overwrite_existing, ignored);
    }
  }
}

}  // namespace

fs::path bundle_of(const std::string& image, const fs::path& images) {
  return image.find('/') == std::string::npos ? images / (image + ".raucb") : fs::path(image);
}

Result<Lab> Lab::build(const LabSpec& spec, const Surroundings& around, Interrupt& interrupt) {
  Lab lab;
  const std::string id = "drill-" + std::to_string(::getpid());
  lab.layout_ = lay_out(spec, id, around.base / ("issu-" + id));
  lab.record_.id = id;
  lab.record_.owner = identify(::getpid());
  lab.record_.work = lab.layout_.work;
  lab.record_.issu = around.issu;
  // mkdir, not make_dirs: a folder that somebody else put there is not ours to use.
  if (::mkdir(lab.layout_.work.c_str(), 0711) != 0) {
    return fail_errno("creating the lab's folder " + lab.layout_.work.string(),
                      errno == EEXIST ? "`issu drill clean`, or name another with --work" : "");
  }
  ::chmod(lab.layout_.work.c_str(), 0711);
  ISSU_TRY(lab.record_.save(), "writing the lab down");
  lab.standing_ = true;
  auto bound = stand_apart(spec, around, lab.layout_);
  if (!bound) {
    return pass(std::move(bound).error(), "the lab's processors");
  }
  if (*bound) {
    lab.bound_.emplace(std::move(**bound));
  }
  if (auto raised = raise(spec, around, lab.layout_, lab.record_, interrupt); !raised) {
    const fs::path evidence = around.evidence.empty() ? lab.layout_.evidence() : around.evidence;
    lab.save_evidence(evidence);
    Error error = std::move(raised).error();
    if (auto gone = lab.take_away(); !gone) {
      error.also(std::move(gone).error());
    }
    error.also(Error("its logs are in " + evidence.string()));
    return fail(std::move(error));
  }
  return lab;
}

Lab::Lab(Lab&& other) noexcept
    : layout_(std::move(other.layout_)),
      record_(std::move(other.record_)),
      bound_(std::move(other.bound_)),
      standing_(std::exchange(other.standing_, false)) {}

Lab::~Lab() {
  (void)take_away();
}

Result<void> Lab::take_away() {
  if (!std::exchange(standing_, false)) {
    return {};
  }
  return give_back(record_);
}

Result<void> Lab::keep() {
  standing_ = false;
  record_.kept = true;
  return record_.save();
}

void Lab::save_evidence(const fs::path& folder) const {
  copy_logs(layout_.work / "peers", folder / "peers");
  copy_logs(layout_.state_dir(), folder / "state");
  copy_logs(layout_.run_dir(), folder / "run");
  std::error_code ignored;
  fs::copy_file(layout_.router_file(), folder / "router.toml", fs::copy_options::overwrite_existing,
                ignored);
  fs::create_directories(folder / "config", ignored);
  for (const auto& entry : fs::directory_iterator(layout_.config_dir(), ignored)) {
    std::string text = read_file(entry.path()).value_or("");
    for (const PeerPlace& peer : layout_.peers) {
      const std::string& password = peer.spec.password;
      for (auto at = text.find(password); !password.empty() && at != std::string::npos;
           at = text.find(password, at)) {
        text.replace(at, password.size(), "(password)");
      }
    }
    static_cast<void>(write_file_atomic(folder / "config" / entry.path().filename(), text));
  }
}

}  // namespace issu::drill
