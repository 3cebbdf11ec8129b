#include "backends/card/card.hpp"

#include <sys/utsname.h>

#include <fstream>

#include "backends/lxc/lxc.hpp"
#include "backends/npu/kernel/chassis.hpp"
#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"

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

/// The device with this hardware address in our own namespace; empty when it is not there.
std::string device_with(const std::string& mac) {
  std::error_code error;
  for (fs::directory_iterator link("/sys/class/net", error), end; !error && link != end;
       link.increment(error)) {
    const std::string address = read_file(link->path() / "address").value_or("");
    if (address == mac + "\n") {
      return link->path().filename();
    }
  }
  return {};
}

const char* power_word(SlotPower power) {
  switch (power) {
    case SlotPower::empty:
      return "empty";
    case SlotPower::staged:
      return "staged";
    case SlotPower::booted:
      return "booted";
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
    one.device = device_with(port.mac);
    if (one.device.empty()) {
      one.device = port.name;  // in the chassis already
    }
    spec.ports.push_back(std::move(one));
  }
  auto rp = make_lxc(spec);
  if (!rp) {
    return fail(std::move(rp).error());
  }
  return Card(std::move(*document), std::move(spec), slot, std::move(*rp));
}

fs::path Card::saved(Slot slot) const {
  return spec_.run_dir / (std::string("saved-") + name_of(slot));
}

StagedPayload Card::payload() const {
  return {payload_file, "card"};
}

Result<json> Card::up() {
  ISSU_TRY(raise_chassis(spec_), "bringing the card's ports up");
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

Result<void> Card::relay() {
  for (const CardChannel& channel : document_.channels) {
    const auto socket =
        spec_.run_dir / (std::string("slot-") + name_of(slot_)) / "run" / channel.socket;
    const fs::path mark = "/run/relay-" + channel.port;
    if (fs::exists(mark)) {
      continue;
    }
    std::error_code error;
    for (fs::directory_iterator port("/sys/class/virtio-ports", error), end; !error && port != end;
         port.increment(error)) {
      if (read_file(port->path() / "name").value_or("") != channel.port + "\n") {
        continue;
      }
      auto started = spawn_detached({std::string(config_folder) + "/issu-init", "relay",
                                     "/dev/" + port->path().filename().string(), socket.string()});
      if (!started) {
        return pass(std::move(started).error(), "starting the relay of " + channel.port);
      }
      ISSU_TRY(write_file_atomic(mark, std::to_string(started->pid)), "");
    }
  }
  return {};
}

}  // namespace issu::backends::card
