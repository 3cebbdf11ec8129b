// What goes wrong in a lab by a step of its own, and is put right again.

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/drill/lab.hpp"
#include "issu/drill/readers.hpp"
#include "issu/drill/runner.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Routes that a neighbour announces more with `announce-more`: bgpd grows by 20 MiB and more.
constexpr unsigned kMoreRoutes = 60'000;
/// What `starve` leaves beyond what is held.
constexpr std::uint64_t kLeft = 2U << 20U;

Result<void> bird(const PeerPlace& peer, const Argv& words) {
  Argv argv{"birdc", "-s", (peer.dir / "bird.ctl").string()};
  argv.insert(argv.end(), words.begin(), words.end());
  auto said = run_checked(argv);
  return said ? Result<void>() : pass(std::move(said).error(), "the peer " + peer.spec.name);
}

Result<void> announce_more(const PeerPlace& peer) {
  auto text = read_file(peer.dir / "bird.conf");
  if (!text) {
    return fail(std::move(text).error());
  }
  *text += "protocol static more4 {\n  ipv4;\n";
  for (unsigned n = 0; n < kMoreRoutes; ++n) {
    fmt::format_to(std::back_inserter(*text), "  route 100.{}.{}.{}/32 blackhole;\n",
                   64 + (n >> 16U), n >> 8U & 255U, n & 255U);
  }
  const fs::path file = peer.dir / "more.conf";
  ISSU_TRY(write_file_atomic(file, *text + "}\n"), "announcing more");
  return bird(peer, {"configure", "\"" + file.string() + "\""});
}

Result<void> unplug(const PeerPlace& peer) {
  auto said = run_checked({"ip", "-n", peer.netns, "link", "set", "dev", peer.interface, "down"});
  return said ? Result<void>() : fail(std::move(said).error());
}

/// The chassis forwards nothing for a while; what is for the router itself arrives.
Result<void> drop(const Stage& stage, std::chrono::milliseconds time, Interrupt& interrupt) {
  RunOptions there;
  there.netns = NetNs::path_of(stage.territory.netns.front());
  there.input =
      "table inet drill { chain forward { type filter hook forward priority 0; policy drop; }; }\n";
  if (auto set = run_checked({"nft", "-f", "-"}, there); !set) {
    return fail(std::move(set).error());
  }
  const bool interrupted = interrupt.sleep(time);
  there.input = "delete table inet drill\n";
  if (auto taken = run_checked({"nft", "-f", "-"}, there); !taken) {
    return fail(std::move(taken).error());
  }
  return interrupted ? fail("interrupted") : Result<void>();
}

/// A file takes all the room that is left beside the router's state.
Result<void> fill(const Stage& stage) {
  const fs::path file = stage.territory.folders.front() / "filler";
  std::ofstream out(file, std::ios::binary);
  // What is in that folder is its owner's alone; the drill looks whether it is.
  std::error_code ignored;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, ignored);
  const std::string block(1U << 16U, 'x');
  while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
  return fs::exists(file) ? Result<void>() : fail("no filler could be made at " + file.string());
}

json asked(const Stage& stage, const Argv& words) {
  Argv argv{stage.issu.string()};
  argv.insert(argv.end(), words.begin(), words.end());
  argv.insert(argv.end(), {"-f", stage.router_file.string(), "--json"});
  const auto said = run(argv);
  return said ? json::parse(said->out, nullptr, false) : json();
}

/// A daemon of the slot whose daemons run, or the NPU's process.
Result<ProcessId> daemon_of(const Stage& stage, const std::string& name) {
  if (name == "npud") {
    const json npu = asked(stage, {"npu", "show"});
    const pid_t pid = npu.is_object() ? npu.value("pid", 0) : 0;
    return pid != 0 ? Result<ProcessId>(identify(pid)) : fail("there is no npud");
  }
  const json router = asked(stage, {"router", "show"});
  for (const json& slot : router.is_object() ? router.value("slots", json::array()) : json()) {
    for (const json& daemon : slot.value("daemons", json::array())) {
      if (daemon.value("name", "") == name && daemon.value("pid", 0) != 0) {
        return identify(daemon.value("pid", 0));
      }
    }
  }
  return fail("no slot runs the daemon " + name, "name one of the lab's");
}

/// Its group may hold hardly more than it does now: the next who needs memory in it is ended.
Result<void> starve(const ProcessId& process) {
  std::ifstream groups(fmt::format("/proc/{}/cgroup", process.pid));
  for (std::string line; std::getline(groups, line);) {
    const bool old = line.find(":memory:") != std::string::npos;
    if (!old && !line.starts_with("0::")) {
      continue;
    }
    const fs::path group = (old ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup") +
                           line.substr(line.find(':', line.find(':') + 1) + 1);
    const auto held = read_file(group / (old ? "memory.usage_in_bytes" : "memory.current"));
    if (!held) {
      continue;
    }
    std::ofstream limit(group / (old ? "memory.limit_in_bytes" : "memory.max"));
    limit << std::stoull(*held) + kLeft << std::flush;
    return limit ? Result<void>() : fail("no limit can be set at " + group.string());
  }
  return fail("the daemon is in no group whose memory can be limited",
              "the machine needs the memory controller");
}

struct Word {
  std::string_view what;
  bool of_peer = false;
  bool of_daemon = false;
  bool takes_time = false;
};
constexpr std::array<Word, 12> kWords{{
    {.what = "withdraw", .of_peer = true},
    {.what = "announce", .of_peer = true},
    {.what = "announce-more", .of_peer = true},
    {.what = "unplug", .of_peer = true},
    {.what = "plug", .of_peer = true},
    {.what = "kill", .of_daemon = true},
    {.what = "stop", .of_daemon = true},
    {.what = "continue", .of_daemon = true},
    {.what = "starve", .of_daemon = true},
    {.what = "drop", .takes_time = true},
    {.what = "fill"},
    {.what = "free"},
}};

}  // namespace

FaultStep read_fault(config::StrictTable& step) {
  std::vector<std::string> known;
  std::transform(kWords.begin(), kWords.end(), std::back_inserter(known),
                 [](const Word& word) { return std::string(word.what); });
  FaultStep fault{step.required_choice("fault", known), "", {}};
  const auto word = std::find_if(kWords.begin(), kWords.end(),
                                 [&](const Word& each) { return each.what == fault.what; });
  if (word == kWords.end()) {
    return fault;
  }
  if (word->of_peer || word->of_daemon) {
    fault.of = step.required_text(word->of_peer ? "peer" : "daemon");
  }
  if (word->takes_time) {
    const std::string text = step.required_text("time");
    const auto time = read_time(text);
    if (!time && !text.empty()) {
      step.refuse("time", "\"" + text + "\" is not a time", "write it like \"250ms\", \"5s\"");
    }
    fault.time = time.value_or(std::chrono::milliseconds(0));
  }
  return fault;
}

Result<void> Runner::take_fault(const FaultStep& step) {
  if (step.what == "drop") {
    return drop(*stage_, step.time, *interrupt_);
  }
  if (step.what == "fill") {
    return fill(*stage_);
  }
  if (step.what == "free") {
    return remove_tree(stage_->territory.folders.front() / "filler");
  }
  if (step.what == "continue") {
    return send_signal(stopped_[step.of], SIGCONT);
  }
  if (step.what == "kill" || step.what == "stop" || step.what == "starve") {
    auto daemon = daemon_of(*stage_, step.of);
    if (!daemon) {
      return fail(std::move(daemon).error());
    }
    stopped_[step.of] = *daemon;
    return step.what == "starve" ? starve(*daemon)
                                 : send_signal(*daemon, step.what == "kill" ? SIGKILL : SIGSTOP);
  }
  const auto peer = std::find_if(stage_->peers.begin(), stage_->peers.end(),
                                 [&](const auto& each) { return each.spec.name == step.of; });
  if (peer == stage_->peers.end() || peer->spec.daemon != "bird") {
    return fail("the lab has no BIRD peer " + step.of, "name one with daemon = \"bird\"");
  }
  if (step.what == "unplug") {
    return unplug(*peer);
  }
  if (step.what == "plug") {
    return dress_peer(*peer);
  }
  if (step.what == "announce-more") {
    return announce_more(*peer);
  }
  return bird(*peer, {step.what == "withdraw" ? "disable" : "enable", "\"announced*\""});
}

}  // namespace issu::drill
