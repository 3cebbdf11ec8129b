#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "issu/config/address.hpp"
#include "issu/config/sections.hpp"
#include "issu/drill/readers.hpp"

namespace issu::drill {
namespace {

constexpr std::size_t kMostPeers = 60;  // a /30 for each out of 192.0.2.0/24
constexpr std::size_t kLongestPeerName = 12;
/// TCP_MD5SIG_MAXKEYLEN; a word that both FRR and BIRD read as it stands.
constexpr std::size_t kLongestPassword = 80;
constexpr const char* kPasswordLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

/// Whether two ranges share a prefix of the same length, or one covers the other.
bool overlap(const measure::PrefixRange& a, const measure::PrefixRange& b) {
  if (a.first.family != b.first.family) {
    return false;
  }
  const auto last_bytes = [](const measure::PrefixRange& range) {
    // The last address of a range: the first of the next prefix would wrap at the very end.
    auto bytes = state_sync::nth_after(range.first, range.count - 1).bytes;
    for (unsigned bit = range.first.length; bit < (range.first.family == 4 ? 32U : 128U); ++bit) {
      bytes[bit / 8U] = static_cast<std::uint8_t>(bytes[bit / 8U] | (0x80U >> (bit % 8U)));
    }
    return bytes;
  };
  return a.first.bytes <= last_bytes(b) && b.first.bytes <= last_bytes(a);
}

void read_announce(config::StrictTable& peer, PeerSpec& spec) {
  auto ranges = peer.tables("announce");
  if (ranges.empty()) {
    peer.refuse("announce", peer.has("announce") ? "is empty" : "is missing",
                "add announce = [{ first = \"10.0.0.0/24\", count = 1000 }]");
  }
  for (config::StrictTable& range : ranges) {
    const std::string text = range.required_text("first");
    const auto count = range.integer("count", {1, 4'000'000}, 1);
    range.finish();
    if (text.empty()) {
      continue;
    }
    const auto first = state_sync::Prefix::parse(text);
    if (!first) {
      range.refuse("first", "\"" + text + "\" is not a prefix: " + first.error().what(),
                   "write it like \"10.0.0.0/24\"");
      continue;
    }
    spec.announce.push_back({*first, static_cast<std::uint64_t>(count)});
  }
}

PeerSpec read_peer(config::StrictTable& peer, std::set<std::string>& names) {
  PeerSpec spec;
  spec.line = peer.line_of("name");
  spec.name = peer.required_text("name");
  if (!spec.name.empty()) {
    if (auto good = config::check_router_name(spec.name); !good) {
      peer.refuse("name", good.error().what(), good.error().hint());
    } else if (spec.name.size() > kLongestPeerName) {
      peer.refuse("name", "\"" + spec.name + "\" is longer than 12 characters", "shorten it");
    }
    if (!names.insert(spec.name).second) {
      peer.refuse("name", "\"" + spec.name + "\" stands there twice", "rename one");
    }
  }
  spec.daemon = peer.required_choice("daemon", {"bird", "frr"});
  read_announce(peer, spec);
  spec.hold_s = static_cast<unsigned>(peer.integer("hold_s", {3, 3600}, spec.hold_s));
  spec.password = peer.text("password");
  if (spec.password.size() > kLongestPassword ||
      spec.password.find_first_not_of(kPasswordLetters) != std::string::npos) {
    peer.refuse("password", "has to be letters, digits and -, 80 at most", "choose another");
  }
  spec.ttl_security = peer.boolean("ttl_security", spec.ttl_security);
  peer.finish();
  return spec;
}

void check_overlaps(config::StrictTable& lab, const std::vector<PeerSpec>& peers) {
  for (std::size_t i = 0; i < peers.size(); ++i) {
    for (std::size_t j = i + 1; j < peers.size(); ++j) {
      for (const auto& a : peers[i].announce) {
        for (const auto& b : peers[j].announce) {
          if (overlap(a, b)) {
            lab.refuse("peer",
                       fmt::format("the ranges {} + {} of \"{}\" and {} + {} of \"{}\" overlap",
                                   a.first.text(), a.count, peers[i].name, b.first.text(), b.count,
                                   peers[j].name),
                       "each peer answers for its own addresses: keep them apart");
          }
        }
      }
    }
  }
}

void read_streams(config::StrictTable& lab, LabSpec& spec) {
  std::vector<std::string> names;
  for (const PeerSpec& peer : spec.peers) {
    names.push_back(peer.name);
  }
  for (config::StrictTable& stream : lab.tables("stream")) {
    StreamSpec each;
    each.from = stream.required_choice("from", names);
    each.to = stream.required_choice("to", names);
    each.family = static_cast<int>(stream.integer("family", {4, 6}, 4));
    if (each.family == 5) {
      stream.refuse("family", "5 is no family", "4 or 6");
    }
    each.rate_pps = stream.number("rate_pps", {1, 1e6}, each.rate_pps);
    each.payload_bytes =
        static_cast<unsigned>(stream.integer("payload_bytes", {32, 1400}, each.payload_bytes));
    stream.finish();
    if (!each.from.empty() && each.from == each.to) {
      stream.refuse("to", "\"" + each.to + "\" is where the stream comes from",
                    "name another peer");
    }
    const auto target = std::find_if(spec.peers.begin(), spec.peers.end(),
                                     [&](const PeerSpec& peer) { return peer.name == each.to; });
    if (target != spec.peers.end() &&
        std::none_of(target->announce.begin(), target->announce.end(),
                     [&](const auto& range) { return range.first.family == each.family; })) {
      stream.refuse(
          "family",
          fmt::format("\"{}\" announces no IPv{} prefix to send to", each.to, each.family),
          "let it announce some, or take the stream away");
    }
    spec.streams.push_back(std::move(each));
  }
}

void read_ospf(config::StrictTable& lab, LabSpec& spec) {
  auto section = lab.table("ospf");
  if (!section) {
    return;
  }
  OspfSpec& ospf = spec.ospf.emplace();
  ospf.hello_s = static_cast<unsigned>(section->integer("hello_s", {1, 60}, ospf.hello_s));
  ospf.dead_s = static_cast<unsigned>(section->integer("dead_s", {2, 240}, ospf.dead_s));
  if (ospf.dead_s <= ospf.hello_s) {
    section->refuse("dead_s", "is not longer than hello_s", "four times hello_s is usual");
  }
  ospf.network = section->choice("network", {"broadcast", "point-to-point"}, ospf.network);
  ospf.v3 = section->boolean("v3", ospf.v3);
  const bool all_bird = spec.suite == "bird" &&
                        std::all_of(spec.peers.begin(), spec.peers.end(),
                                    [](const PeerSpec& peer) { return peer.daemon == "bird"; });
  if (ospf.v3 && !all_bird) {
    section->refuse("v3", "needs BIRD everywhere: the images of FRR have no ospf6d",
                    "take it away, or use the suite bird and BIRD peers");
  }
  section->finish();
}

void read_bfd(config::StrictTable& lab, LabSpec& spec) {
  auto section = lab.table("bfd");
  if (!section) {
    return;
  }
  BfdSpec& bfd = spec.bfd.emplace();
  bfd.interval_ms =
      static_cast<unsigned>(section->integer("interval_ms", {50, 60'000}, bfd.interval_ms));
  bfd.multiplier = static_cast<unsigned>(section->integer("multiplier", {2, 255}, bfd.multiplier));
  section->finish();
}

}  // namespace

void read_lab(config::StrictTable& document, LabSpec& lab) {
  auto section = document.table("lab", true);
  if (!section) {
    return;
  }
  lab.suite = section->required_choice("suite", {"frr", "bird"});
  lab.daemons = section->texts("daemons");
  lab.image = section->required_text("image");
  lab.backend = section->choice("backend", {"lxc", "vm", "card"}, lab.backend);
  lab.hypervisors = static_cast<unsigned>(section->integer("hypervisors", {0, 2}, 0));
  if (lab.hypervisors == 1) {
    section->refuse("hypervisors", "has to be 2, one for each slot", "or take it away");
  } else if (lab.hypervisors != 0 && lab.backend != "vm") {
    section->refuse("hypervisors",
                    "are for virtual machines, and the lab's backend is " + lab.backend,
                    "backend = \"vm\"");
  }
  lab.apart = section->boolean("apart", lab.apart);
  if (lab.apart && lab.backend == "lxc") {
    section->refuse("apart", "is of a router that is a machine, and the lab's backend is lxc",
                    "backend = \"vm\" or \"card\", or take it away");
  }
  lab.agent = section->boolean("agent", true);
  if (!lab.agent && (lab.backend != "vm" || lab.suite != "frr" || lab.hypervisors != 0)) {
    section->refuse("agent", "is false of virtual machines with FRR at one hypervisor only",
                    "backend = \"vm\", suite = \"frr\", no hypervisors");
  }
  lab.npu = section->choice("npu", {"kernel", "soft"}, lab.backend != "lxc" ? "soft" : lab.npu);
  lab.engine = section->choice("engine", {"packet", "xdp"}, "");
  if (!lab.engine.empty() && lab.npu == "kernel") {
    section->refuse("engine", "is of the NPU driver soft, and the lab's is kernel",
                    "add npu = \"soft\"");
  }
  lab.user_namespace = section->boolean("user_namespace", false);
  lab.settle_s = section->number("settle_s", {1, 3600}, lab.settle_s);
  lab.outlast_startup = section->boolean("outlast_startup", lab.outlast_startup);
  std::set<std::string> names;
  auto peers = section->tables("peer");
  if (peers.empty()) {
    section->refuse("peer", "the router has no peer", "add [[lab.peer]] sections");
  } else if (peers.size() > kMostPeers) {
    section->refuse("peer", "there are more than 60 peers", "take some away");
  }
  for (config::StrictTable& peer : peers) {
    lab.peers.push_back(read_peer(peer, names));
  }
  check_overlaps(*section, lab.peers);
  read_streams(*section, lab);
  read_ospf(*section, lab);
  read_bfd(*section, lab);
  lab.state_mib = static_cast<unsigned>(section->integer("state_mib", {16, 4096}, 0));
  config::RouterConfig limits;
  config::read_limits(*section, limits);
  lab.budgets = limits.budgets;
  lab.timers = limits.timers;
  section->finish();
}

}  // namespace issu::drill
