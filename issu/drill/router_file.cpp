#include <fmt/format.h>

#include <algorithm>

#include "issu/drill/configs.hpp"

namespace issu::drill {
namespace {

const PeerPlace& place_of(const Layout& layout, const std::string& name) {
  return *std::find_if(layout.peers.begin(), layout.peers.end(),
                       [&](const PeerPlace& peer) { return peer.spec.name == name; });
}

std::string ranges(const PeerSpec& spec, int family) {
  std::string text;
  for (const measure::PrefixRange& range : spec.announce) {
    if (range.first.family == family) {
      text += fmt::format("  {{ first = \"{}\", count = {} }},\n", range.first.text(), range.count);
    }
  }
  return text;
}

std::string port_section(const PeerPlace& peer) {
  return fmt::format(
      "\n[[port]]\nname = \"{}\"\naddresses = [\"{}/30\", \"{}/64\"]\n"
      "peer = {{ netns = \"{}\", name = \"{}\" }}\n",
      peer.port, peer.router4, peer.router6, peer.netns, peer.interface);
}

std::string probe_section(const StreamSpec& stream, std::size_t number, const Layout& layout) {
  const PeerPlace& from = place_of(layout, stream.from);
  const PeerPlace& to = place_of(layout, stream.to);
  return fmt::format(
      "\n[[probe]]\nname = \"{}-{}-{}-ipv{}\"\nfrom = \"{}\"\nto = \"{}\"\nsource = \"{}\"\n"
      "destinations = [\n{}]\nrate_pps = {}\npayload_bytes = {}\n",
      number, stream.from, stream.to, stream.family, from.netns, to.netns,
      stream.family == 4 ? from.peer4 : from.peer6, ranges(to.spec, stream.family), stream.rate_pps,
      stream.payload_bytes);
}

/// `ospf` and `bfd` of a peer: the router as its neighbour.
std::string adjacency_keys(const Layout& layout, const PeerPlace& peer) {
  std::string text;
  const std::string& id = layout.peers.front().router4;  // the router's
  if (layout.ospf) {
    text += peer.spec.daemon == "frr"
                ? fmt::format("ospf = [\"{}\"]\n", id)
                : fmt::format("ospf = [\"{} {}\"{}]\n", bird_ospf_name(2), id,
                              layout.ospf->v3 ? fmt::format(", \"{} {}\"", bird_ospf_name(3), id)
                                              : std::string());
  }
  if (layout.bfd) {
    text += fmt::format("bfd = [\"{}\", \"{}\"]\n", peer.router4, peer.router6);
  }
  return text;
}

std::string peer_section(const Layout& layout, const PeerPlace& peer) {
  const bool bird = peer.spec.daemon == "bird";
  return fmt::format(
             "\n[[peer]]\nname = \"{}\"\nkind = \"{}\"\ncontrol = \"{}\"\nsessions = [{}]\nlog = "
             "\"{}\"\n",
             peer.spec.name, peer.spec.daemon, (bird ? peer.dir / "bird.ctl" : peer.dir).string(),
             bird ? std::string("\"router4\", \"router6\"")
                  : fmt::format("\"{}\", \"{}\"", peer.router4, peer.router6),
             (peer.dir / (bird ? "bird.log" : "bgpd.log")).string()) +
         adjacency_keys(layout, peer);
}

/// The router's own addresses towards a peer, asked from there.
std::string echo_sections(const PeerPlace& peer) {
  return fmt::format(
      "\n[[echo]]\nname = \"{0}-4\"\nfrom = \"{1}\"\naddress = \"{2}\"\n"
      "\n[[echo]]\nname = \"{0}-6\"\nfrom = \"{1}\"\naddress = \"{3}\"\n",
      peer.spec.name, peer.netns, peer.router4, peer.router6);
}

}  // namespace

std::string router_toml(const LabSpec& lab, const Layout& layout, const std::string& compatible,
                        const std::filesystem::path& keyring) {
  std::string text = fmt::format(
      "[router]\nname = \"{}\"\nsuite = \"{}\"\nconfig_dir = \"{}\"\nstate_dir = \"{}\"\n"
      "run_dir = \"{}\"\nnetns = \"{}\"\n",
      layout.id, lab.suite, layout.config_dir().string(), layout.state_dir().string(),
      layout.run_dir().string(), layout.chassis());
  if (!lab.daemons.empty() || (lab.suite == "frr" && (lab.ospf || lab.bfd))) {
    std::string names;
    for (const std::string& daemon : lab.suite == "frr" ? lab.frr_daemons() : lab.daemons) {
      names += (names.empty() ? "\"" : ", \"") + daemon + "\"";
    }
    text += "daemons = [" + names + "]\n";
  }
  if (lab.backend != "lxc") {
    text += fmt::format("backend = \"{}\"\n", lab.backend);
  }
  if (lab.user_namespace) {
    text += "user_namespace = true\n";
  }
  if (lab.npu != "kernel") {
    text += fmt::format("\n[npu]\ndriver = \"{}\"\n", lab.npu);
    if (!lab.engine.empty()) {
      text += fmt::format("engine = \"{}\"\n", lab.engine);
    }
  }
  // `[vm]` once, whatever asks for it.
  std::string vm = layout.cpus.empty() ? "" : fmt::format("cpus = \"{}\"\n", layout.cpus);
  if (lab.hypervisors != 0) {
    vm += fmt::format("uri = \"{}\"\nuri_b = \"{}\"\n", layout.hypervisor("a").uri(),
                      layout.hypervisor("b").uri());
  }
  if (lab.backend == "card") {
    vm += fmt::format("card = \"{}\"\n", (keyring.parent_path() / "card-bookworm.ext4").string());
  }
  if (!lab.agent) {
    vm += fmt::format("agent = false\n\n[vm.foreign]\nconfig_disk = \"{}\"\nready = \"{}\"\n",
                      layout.startup_disk().string(), foreign_ready);
  }
  if (!vm.empty()) {
    text += "\n[vm]\n" + vm;
  }
  text += fmt::format("\n[images]\ncompatible = \"{}\"\nkeyring = \"{}\"\n", compatible,
                      keyring.string());
  for (const PeerPlace& peer : layout.peers) {
    text += port_section(peer);
  }
  for (std::size_t i = 0; i < lab.streams.size(); ++i) {
    text += probe_section(lab.streams[i], i + 1, layout);
  }
  for (const PeerPlace& peer : layout.peers) {
    text += peer_section(layout, peer) + echo_sections(peer);
  }
  text += fmt::format(
      "\n[budget]\nlost_packets = {}\ncontrol_plane_dark_ms = {}\nstale_fraction = {}\n"
      "daemon_growth_mib = {}\n"
      "\n[timers]\nconverge_s = {}\nquiet_s = {}\nsoak_s = {}\n",
      lab.budgets.lost_packets, lab.budgets.control_plane_dark_ms, lab.budgets.stale_fraction,
      lab.budgets.daemon_growth_mib, lab.timers.converge_s, lab.timers.quiet_s, lab.timers.soak_s);
  if (!lab.timers.deadlines.empty()) {
    text += "\n[timers.deadlines]\n";
  }
  for (const auto& [phase, seconds] : lab.timers.deadlines) {
    text += fmt::format("{} = {}\n", name_of(phase), seconds);
  }
  return text;
}

}  // namespace issu::drill
