#include "backends/card/card.hpp"

#include <sys/utsname.h>

#include <fstream>

#include "backends/lxc/lxc.hpp"
#include "backends/npu/kernel/chassis.hpp"
#include "checkpoint/net_state/net_state.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends::card {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A word of the kernel's command line that starts so; no value when there is none.
std::optional<std::string> kernel_word(const std::string& start) {
  std::ifstream words("/proc/cmdline");
  std::optional<std::string> found;
  for (std::string word; words >> word;) {
    if (word.starts_with(start)) {
      found = word.substr(start.size());
    }
  }
  return found;
}

std::string kernel_release() {
  utsname names{};
  ::uname(&names);
  return names.release;
}

const char* power_word(SlotPower power) {
  switch (power) {
    case SlotPower::empty:
      return "empty";
    case SlotPower::staged:
      return "staged";
    case SlotPower::booted:
      return "booted";
    case SlotPower::warm:
    case SlotPower::active:
      return "active";
  }
  return "";
}

}  // namespace

Result<Card> Card::open() {
  auto text = read_file(document_file);
  auto document = text ? read_document(*text) : fail(std::move(text).error());
  if (!document) {
    return fail(std::move(document).error());
  }
  const Slot slot = kernel_word(slot_word).value_or("a") == "b" ? Slot::b : Slot::a;
  RouterSpec spec;
  spec.name = document->router;
  spec.suite = document->suite;
  spec.daemons = document->daemons;
  spec.state_dir = fs::path(state_folder) / "state";
  spec.run_dir = fs::path(state_folder) / "run";
  spec.run_dir_stays = true;
  spec.config_dir = config_etc;
  spec.netns = "issu-" + document->router;
  if (document->takes_fpm) {
    spec.npu.driver = "soft";
  }
  for (const CardPort& port : document->ports) {
    PortSpec one;
    one.name = port.name;
    one.addresses = port.addresses;
    one.mtu = port.mtu;
    one.device = port.name;  // placed in the chassis before
    spec.ports.push_back(std::move(one));
  }
  auto rp = make_lxc(spec);
  if (!rp) {
    return fail(std::move(rp).error());
  }
  const auto memory =
      MemoryHalf::in_words(read_file("/proc/cmdline").value_or(""), document->memory_mib);
  return Card(std::move(*document), std::move(spec), slot, memory, std::move(*rp));
}

fs::path Card::saved(Slot slot) const {
  return spec_.run_dir / (std::string("saved-") + name_of(slot));
}

std::map<std::string, std::string> Card::cards() const {
  std::map<std::string, std::string> cards;
  for (const CardPort& port : document_.ports) {
    cards[port.name] = port.cards[slot_ == Slot::a ? 0 : 1];
  }
  return cards;
}

StagedPayload Card::payload() const {
  return {payload_file, "card"};
}

Result<json> Card::up() {
  const std::string what = "bringing the card's ports up";
  const auto netns = NetNs::path_of(spec_.netns);
  ISSU_TRY(make_dirs(spec_.run_dir), what);
  ISSU_TRY(raise_forwarding(spec_), what);
  std::vector<std::string> names;
  for (const CardPort& port : document_.ports) {
    names.push_back(port.name);
  }
  ISSU_TRY(checkpoint::NetState::place_cards(netns, names, cards(), first_port_index), what);
  for (const CardPort& port : document_.ports) {
    ISSU_TRY(run_checked(
                 {"ip", "-n", spec_.netns, "link", "set", "dev", port.name, "address", port.mac}),
             what);
  }
  ISSU_TRY(raise_ports(spec_), what);
  ISSU_TRY(rp_->stage(slot_, payload()), "staging the container");
  ISSU_TRY(rp_->boot(slot_), "booting the container");
  ISSU_TRY(relay(), "");
  return status();
}

Result<json> Card::activate() {
  ISSU_TRY(rp_->activate(slot_), "");
  return status();
}

Result<json> Card::fence() {
  ISSU_TRY(rp_->fence(slot_), "");
  return status();
}

Result<json> Card::power_off() {
  ISSU_TRY(rp_->power_off(slot_), "");
  return status();
}

Result<json> Card::status() {
  auto status = rp_->status(slot_);
  auto others = rp_->status(other(slot_));
  if (!status || !others) {
    return fail(!status ? std::move(status).error() : std::move(others).error());
  }
  json daemons = json::array();
  for (const DaemonStatus& daemon : status->daemons) {
    daemons.push_back({{"name", daemon.name},
                       {"pid", daemon.pid},
                       {"running", daemon.running},
                       {"exits", daemon.exits},
                       {"last_end", daemon.last_end}});
  }
  json answer{{"slot", name_of(slot_)},         {"kernel", kernel_release()},
              {"uptime_ms", to_ms(mono_now())}, {"power", power_word(status->power)},
              {"daemons", std::move(daemons)},  {"saved", json::array()}};
  for (const Slot each : {Slot::a, Slot::b}) {
    // The other slot's container is not mounted here; what was saved of it lies on the disk.
    const bool there = each == slot_ ? status->saved : fs::exists(saved(each) / "network");
    if (there) {
      answer["saved"].push_back(name_of(each));
    }
  }
  if (const auto resumed = read_file("/run/resumed.json")) {
    answer["resumed"] = json::parse(*resumed, nullptr, false);
  }
  return answer;
}

Result<void> Card::carry(const std::string& port, const std::vector<std::string>& words,
                         const fs::path& netns) {
  const fs::path mark = "/run/carried-" + port;
  if (fs::exists(mark)) {
    return {};
  }
  std::error_code error;
  for (fs::directory_iterator each("/sys/class/virtio-ports", error), end; !error && each != end;
       each.increment(error)) {
    if (read_file(each->path() / "name").value_or("") != port + "\n") {
      continue;
    }
    SpawnOptions options;
    options.netns = netns;
    auto started = spawn_detached({std::string(config_folder) + "/issu-init", words[0],
                                   "/dev/" + each->path().filename().string(), words[1]},
                                  options);
    if (!started) {
      return pass(std::move(started).error(), "carrying the port " + port);
    }
    return write_file_atomic(mark, std::to_string(started->pid));
  }
  return fail("the card has no port " + port);
}

Result<void> Card::relay() {
  const auto sockets = spec_.run_dir / (std::string("slot-") + name_of(slot_)) / "run";
  if (document_.takes_fpm) {
    ISSU_TRY(carry(feed_port(slot_), {"feed", "2620"}, NetNs::path_of(spec_.netns)), "");
  }
  for (const CardChannel& channel : document_.channels) {
    ISSU_TRY(carry(channel.port, {"relay", (sockets / channel.socket).string()}, {}), "");
  }
  return {};
}

}  // namespace issu::backends::card
