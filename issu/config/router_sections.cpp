#include <algorithm>
#include <map>
#include <set>

#include "issu/config/address.hpp"
#include "issu/config/sections.hpp"

namespace issu::config {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::vector<std::string>>& daemons_of_suites() {
  static const std::map<std::string, std::vector<std::string>> kDaemons{
      {"frr",
       {"zebra", "bgpd", "staticd", "bfdd", "ospfd", "ospf6d", "isisd", "ripd", "ripngd", "pimd",
        "pim6d", "ldpd", "eigrpd", "babeld", "nhrpd", "pbrd", "vrrpd", "fabricd", "pathd"}},
      {"bird", {"bird"}}};
  return kDaemons;
}

fs::path from_folder(const fs::path& folder, const std::string& path) {
  return path.empty() ? fs::path() : (folder / path).lexically_normal();
}

/// Tells a failed check of a key's value in the words of the check.
void tell(StrictTable& table, const std::string& key, const Result<void>& checked) {
  if (!checked) {
    table.refuse(key, checked.error().what(), checked.error().hint());
  }
}

void read_daemons(StrictTable& section, backends::RouterSpec& router) {
  if (router.suite.empty()) {
    (void)section.texts("daemons");
    return;
  }
  const std::vector<std::string>& known = daemons_of_suites().at(router.suite);
  if (!section.has("daemons")) {
    router.daemons = router.suite == "frr" ? std::vector<std::string>{"zebra", "bgpd", "staticd"}
                                           : std::vector<std::string>{"bird"};
    return;
  }
  router.daemons = section.texts("daemons");
  std::set<std::string> seen;
  for (const std::string& daemon : router.daemons) {
    if (std::find(known.begin(), known.end(), daemon) == known.end()) {
      section.refuse("daemons", "\"" + daemon + "\" is not a daemon of suite " + router.suite,
                     suggestion(daemon, known));
    }
    if (!seen.insert(daemon).second) {
      section.refuse("daemons", "\"" + daemon + "\" stands there twice", "name it once");
    }
  }
  if (!seen.contains(known.front())) {
    section.refuse("daemons", "\"" + known.front() + "\" is missing: without it no route gets in",
                   "add \"" + known.front() + "\"");
  }
}

/// `true` for the usual ids, or the first of them.
void read_user_namespace(StrictTable& section, backends::RouterSpec& router) {
  constexpr std::uint32_t usual = 9 * 65536;
  const TomlValue* value = section.value("user_namespace");
  if (value == nullptr) {
    return;
  }
  if (value->kind == TomlValue::Kind::boolean) {
    router.first_id = value->boolean ? std::optional(usual) : std::nullopt;
  } else if (value->kind == TomlValue::Kind::integer && value->integer > 0 &&
             value->integer % 65536 == 0 && value->integer < 0xffff0000) {
    router.first_id = static_cast<std::uint32_t>(value->integer);
  } else {
    section.refuse("user_namespace", "is neither true nor false nor the first of 65,536 ids",
                   "a multiple of 65536, such as 589824");
  }
}

void check_dirs(StrictTable& section, const backends::RouterSpec& router) {
  const auto inside = [](const fs::path& inner, const fs::path& outer) {
    const fs::path relative = inner.lexically_relative(outer);
    return !relative.empty() && *relative.begin() != "..";
  };
  if (inside(router.state_dir, router.run_dir) || inside(router.run_dir, router.state_dir)) {
    section.refuse(section.has("state_dir") ? "state_dir" : "run_dir",
                   router.state_dir.string() + " and run_dir " + router.run_dir.string() +
                       " lie one in the other",
                   "give each a folder of its own");
  }
  // A socket's path has room for 107 characters; the longest below run_dir takes 40 of them.
  if (router.run_dir.string().size() > 64) {
    section.refuse("run_dir", "is longer than 64 characters: no room for the sockets below it",
                   "choose a shorter one, such as /run/issu/" + router.name);
  }
}

void read_peer_end(StrictTable& port, backends::PortSpec& spec) {
  auto peer = port.table("peer");
  if (spec.device.empty() && !peer && !port.has("peer")) {
    port.refuse("", "says neither device nor peer",
                "add device = \"…\" (a host interface that moves in) or peer = { netns = \"…\", "
                "name = \"…\" } (a veth pair)");
  }
  if (!spec.device.empty() && peer) {
    port.refuse("peer", "stands beside device: a port is one or the other", "take one away");
  }
  if (peer) {
    spec.peer_netns = peer->required_text("netns");
    spec.peer_name = peer->required_text("name");
    if (!spec.peer_netns.empty()) {
      tell(*peer, "netns", check_netns_name(spec.peer_netns));
    }
    if (!spec.peer_name.empty()) {
      tell(*peer, "name", check_interface_name(spec.peer_name));
    }
    peer->finish();
  }
}

/// Interface addresses seen so far, with the place of each.
using Seen = std::map<IpAddress, std::string>;

void read_addresses(StrictTable& port, backends::PortSpec& spec, Seen& seen) {
  spec.addresses = port.texts("addresses");
  if (spec.addresses.empty() && !port.has("addresses")) {
    port.refuse("addresses", "is missing", "add addresses = [\"192.0.2.1/24\"], or [] for none");
  }
  for (const std::string& text : spec.addresses) {
    const auto address = InterfaceAddress::parse(text);
    if (!address) {
      port.refuse("addresses", address.error().what(), address.error().hint());
      continue;
    }
    const std::string place =
        text + " of port \"" + spec.name + "\", line " + std::to_string(port.line_of("addresses"));
    const auto [first, is_new] = seen.emplace(address->address, place);
    if (!is_new) {
      port.refuse("addresses", "\"" + text + "\" is used twice, first as " + first->second,
                  "give each port an address of its own");
    }
  }
}

}  // namespace

void read_router_section(StrictTable& document, const fs::path& folder, RouterConfig& config,
                         Purpose purpose) {
  auto section = document.table("router", true);
  if (!section) {
    return;
  }
  backends::RouterSpec& router = config.router;
  router.name = section->required_text("name");
  if (!router.name.empty()) {
    tell(*section, "name", check_router_name(router.name));
  }
  config.backend = section->choice("backend", {"lxc", "vm", "card"}, "lxc");
  router.npu.driver = section->choice("npu", {"kernel", "soft"}, "kernel");
  router.suite = section->required_choice("suite", {"frr", "bird"});
  read_daemons(*section, router);
  router.state_dir =
      from_folder(folder, section->text("state_dir", "/var/lib/issu/" + router.name));
  router.run_dir = from_folder(folder, section->text("run_dir", "/run/issu/" + router.name));
  check_dirs(*section, router);
  read_user_namespace(*section, router);
  router.netns = section->text("netns", "issu-" + router.name);
  if (!router.name.empty()) {
    tell(*section, "netns", check_netns_name(router.netns));
  }
  config.way_back = section->choice("way_back", {"saved", "cold"}, config.way_back);
  router.config_dir = from_folder(folder, section->required_text("config_dir"));
  std::error_code ignored;
  if (purpose == Purpose::run && !router.config_dir.empty() &&
      !fs::is_directory(router.config_dir, ignored)) {
    section->refuse("config_dir", "there is no folder " + router.config_dir.string(),
                    "create it with the daemons' configuration, or correct the path");
  }
  section->finish();
}

void read_images_section(StrictTable& document, const fs::path& folder, RouterConfig& config,
                         Purpose purpose) {
  auto section = document.table("images", true);
  if (!section) {
    return;
  }
  config.compatible = section->required_text("compatible");
  config.keyring = from_folder(folder, section->required_text("keyring"));
  std::error_code ignored;
  if (purpose == Purpose::run && !config.keyring.empty() &&
      !fs::is_regular_file(config.keyring, ignored)) {
    section->refuse("keyring", "there is no file " + config.keyring.string(),
                    "put the PEM certificates that may sign images there, or correct the path");
  }
  for (const auto& [key, version] : {std::pair{"minimum_version", &config.minimum_version},
                                     std::pair{"minimum_kernel", &config.minimum_kernel}}) {
    if (section->has(key)) {
      *version = section->text(key);
      tell(*section, key, check_version(*version));
    }
  }
  section->finish();
}

void read_ports(StrictTable& document, RouterConfig& config) {
  auto ports = document.tables("port");
  if (ports.empty() && !document.has("port")) {
    document.refuse("port", "the router has no port", "add a [[port]] section for each");
  }
  Seen seen;
  std::map<std::string, unsigned> names;
  std::map<std::string, unsigned> devices;
  for (StrictTable& port : ports) {
    backends::PortSpec spec;
    spec.name = port.required_text("name");
    if (!spec.name.empty()) {
      tell(port, "name", check_interface_name(spec.name));
      if (spec.name == "lo" || spec.name == "all" || spec.name == "default") {
        port.refuse("name", "\"" + spec.name + "\" is taken by the kernel", "choose another");
      }
      if (const auto [first, is_new] = names.emplace(spec.name, port.line_of("name")); !is_new) {
        port.refuse("name",
                    "\"" + spec.name + "\" is the name of two ports, the first on line " +
                        std::to_string(first->second),
                    "rename one");
      }
    }
    if (port.has("device")) {
      spec.device = port.required_text("device");
      if (!spec.device.empty()) {
        tell(port, "device", check_interface_name(spec.device));
        if (const auto [first, is_new] = devices.emplace(spec.device, port.line_of("device"));
            !is_new) {
          port.refuse("device",
                      "\"" + spec.device + "\" is the device of two ports, the first on line " +
                          std::to_string(first->second),
                      "a device can be moved into the chassis once");
        }
      }
    }
    read_peer_end(port, spec);
    read_addresses(port, spec, seen);
    if (port.has("mtu")) {
      spec.mtu = static_cast<unsigned>(port.integer("mtu", {68, 65535}, 1500));
    }
    port.finish();
    config.router.ports.push_back(std::move(spec));
  }
}

}  // namespace issu::config
