#include <pwd.h>
#include <sys/mount.h>
#include <unistd.h>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/drill/configs.hpp"
#include "issu/drill/lab.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;

Result<void> ip(const PeerPlace& peer, Argv words) {
  Argv argv{"ip", "-n", peer.netns};
  argv.insert(argv.end(), words.begin(), words.end());
  auto done = run_checked(argv);
  return done ? Result<void>() : pass(std::move(done).error(), "peer " + peer.spec.name);
}

/// FRR's daemons give up root: their folder and what they read in it has to be their own user's.
Result<void> give_to_frr(const fs::path& dir) {
  const passwd* user = ::getpwnam("frr");
  if (user == nullptr) {
    return fail("there is no user frr on this machine", "apt-get install frr");
  }
  std::vector<fs::path> all{dir};
  for (const auto& entry : fs::directory_iterator(dir)) {
    all.push_back(entry.path());
  }
  for (const fs::path& each : all) {
    if (::chown(each.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return fail_errno("giving " + each.string() + " to the user frr");
    }
  }
  return {};
}

Result<void> write_peer(const Layout& layout, const PeerPlace& peer) {
  // 0711 on the way down: bgpd reads its files as the user frr.
  ISSU_TRY(make_dirs(peer.dir, 0711), "peer " + peer.spec.name);
  if (peer.spec.daemon == "bird") {
    return write_file_atomic(peer.dir / "bird.conf", bird_peer_conf(layout, peer));
  }
  ISSU_TRY(write_file_atomic(peer.dir / "bgpd.conf", frr_peer_conf(layout, peer)),
           "peer " + peer.spec.name);
  if (layout.ospf) {
    ISSU_TRY(write_file_atomic(peer.dir / "ospfd.conf", frr_peer_ospf_conf(layout, peer)),
             "peer " + peer.spec.name);
  }
  if (layout.bfd) {
    ISSU_TRY(write_file_atomic(peer.dir / "bfdd.conf", frr_bfd_conf(*layout.bfd, peer.spec.name)),
             "peer " + peer.spec.name);
  }
  ISSU_TRY(write_file_atomic(peer.dir / "zebra.conf", "hostname " + peer.spec.name + "\n"),
           "peer " + peer.spec.name);
  return give_to_frr(peer.dir);
}

std::string frr_router_file(const LabSpec& spec, const Layout& layout, const std::string& daemon) {
  if (daemon == "bgpd") {
    return frr_router_conf(layout);
  }
  if (daemon == "ospfd" && layout.ospf) {
    return frr_router_ospf_conf(layout);
  }
  if (daemon == "bfdd" && layout.bfd) {
    return frr_bfd_conf(*layout.bfd, layout.id);
  }
  std::string text = "hostname " + layout.id + "\n";
  if (daemon == "zebra") {
    text += "allow-external-route-update\n";
    text += spec.npu == "soft" ? "fpm address 127.0.0.1 port 2620\n" : "";
  }
  return text;
}

/// BIRD reads one file; each of FRR's daemons its own.
Result<void> write_router_config(const LabSpec& spec, const Layout& layout) {
  if (spec.suite == "bird") {
    return write_file_atomic(layout.config_dir() / "bird.conf", bird_router_conf(layout));
  }
  for (const std::string& daemon : spec.frr_daemons()) {
    ISSU_TRY(write_file_atomic(layout.config_dir() / (daemon + ".conf"),
                               frr_router_file(spec, layout, daemon)),
             daemon);
  }
  return {};
}

/// Waits until no link-local address is tentative any more, at both ends of every link: a daemon
/// whose session comes up earlier announces IPv6 next hops that its neighbour refuses.
Result<void> wait_for_addresses(const Layout& layout) {
  std::vector<std::string> all{layout.chassis()};
  for (const PeerPlace& peer : layout.peers) {
    all.push_back(peer.netns);
  }
  for (const std::string& netns : all) {
    const auto usable = [&netns] {
      const auto said = run({"ip", "-n", netns, "-6", "addr", "show", "tentative"});
      return said && said->status == 0 && said->out.empty();
    };
    if (!wait_until(usable, Deadline::in(std::chrono::seconds(10)),
                    std::chrono::milliseconds(100))) {
      return fail("the IPv6 addresses of " + netns + " are still tentative after 10 s",
                  "look at `ip -n " + netns + " -6 addr`");
    }
  }
  return {};
}

Argv frr_command(const PeerPlace& peer, const std::string& daemon) {
  return {"/usr/lib/frr/" + daemon,
          "-f",
          (peer.dir / (daemon + ".conf")).string(),
          "-i",
          (peer.dir / (daemon + ".pid")).string(),
          "--vty_socket",
          peer.dir.string(),
          "-z",
          (peer.dir / "zserv.api").string(),
          "-P",
          "0"};
}

/// What runs in a peer, in order. bgpd installs nothing; without a zebra it would not know its own
/// interfaces, and refuse IPv6 routes whose next hop comes with a link-local address.
std::vector<Argv> commands_of(const Layout& layout, const PeerPlace& peer) {
  if (peer.spec.daemon == "bird") {
    return {{"bird", "-f", "-c", (peer.dir / "bird.conf").string(), "-s",
             (peer.dir / "bird.ctl").string()}};
  }
  Argv bgpd = frr_command(peer, "bgpd");
  bgpd.emplace_back("--no_kernel");
  std::vector<Argv> commands{frr_command(peer, "zebra")};
  if (layout.bfd) {
    commands.push_back(frr_command(peer, "bfdd"));
    commands.back().insert(commands.back().end(), {"--bfdctl", (peer.dir / "bfdd.sock").string()});
  }
  if (layout.ospf) {
    commands.push_back(frr_command(peer, "ospfd"));
  }
  commands.push_back(std::move(bgpd));
  return commands;
}

/// A bgpd that starts before zebra knows the interfaces answers its first session with a
/// NOTIFICATION.
Result<void> wait_for_zebra(const PeerPlace& peer, const Argv& command) {
  if (!command.front().ends_with("zebra")) {
    return {};
  }
  const auto knows = [&peer] {
    const auto said = run(
        {"vtysh", "--vty_socket", peer.dir.string(), "-d", "zebra", "-c", "show interface brief"});
    return said && said->out.find(peer.interface) != std::string::npos;
  };
  if (!wait_until(knows, Deadline::in(std::chrono::seconds(15)), std::chrono::milliseconds(100))) {
    return fail("zebra does not know the interface " + peer.interface + " after 15 s",
                "look at " + (peer.dir / "out.log").string());
  }
  return {};
}

}  // namespace

Result<void> make_peers(const LabSpec& spec, const Layout& layout, LabRecord& record,
                        const std::string& compatible, const fs::path& keyring) {
  ISSU_TRY(make_dirs(layout.work / "peers", 0711), "building the lab");
  ISSU_TRY(make_dirs(layout.config_dir(), 0755), "building the lab");
  if (spec.state_mib != 0) {
    const std::string size = "mode=0700,size=" + std::to_string(spec.state_mib) + "m";
    ISSU_TRY(make_dirs(layout.state_dir()), "building the lab");
    if (::mount("issu-drill", layout.state_dir().c_str(), "tmpfs", 0, size.c_str()) != 0) {
      return fail_errno("mounting the lab's small disk on " + layout.state_dir().string());
    }
  }
  for (const PeerPlace& peer : layout.peers) {
    record.netns.push_back(peer.netns);
  }
  ISSU_TRY(record.save(), "building the lab");
  for (const PeerPlace& peer : layout.peers) {
    ISSU_TRY(NetNs::create(peer.netns), "peer " + peer.spec.name);
    ISSU_TRY(write_peer(layout, peer), "writing its configuration");
  }
  ISSU_TRY(write_router_config(spec, layout), "writing the router's configuration");
  if (!spec.agent) {
    ISSU_TRY(write_startup_disk(layout), "writing the guest's configuration");
  }
  return write_file_atomic(layout.router_file(), router_toml(spec, layout, compatible, keyring));
}

Result<void> dress_peer(const PeerPlace& peer) {
  ISSU_TRY(ip(peer, {"link", "set", "dev", peer.interface, "up"}), "setting up its link");
  ISSU_TRY(ip(peer, {"addr", "replace", peer.peer4 + "/30", "dev", peer.interface}), "addresses");
  ISSU_TRY(ip(peer, {"-6", "addr", "replace", peer.peer6 + "/64", "dev", peer.interface, "nodad"}),
           "addresses");
  // One local route for each block that the peer answers for.
  ISSU_TRY(ip(peer, {"route", "replace", "default", "via", peer.router4}), "default route");
  ISSU_TRY(ip(peer, {"-6", "route", "replace", "default", "via", peer.router6}), "default route");
  for (const measure::PrefixRange& range : peer.spec.announce) {
    for (const state_sync::Prefix& block : cover(range)) {
      const std::string family = block.family == 4 ? "-4" : "-6";
      ISSU_TRY(ip(peer, {family, "route", "replace", "local", block.text(), "dev", "lo"}),
               "local routes");
    }
  }
  return {};
}

Result<void> start_peers(const Layout& layout, LabRecord& record) {
  for (const PeerPlace& peer : layout.peers) {
    ISSU_TRY(dress_peer(peer), "dressing peer " + peer.spec.name);
  }
  ISSU_TRY(wait_for_addresses(layout), "dressing the peers");
  for (const PeerPlace& peer : layout.peers) {
    for (const Argv& command : commands_of(layout, peer)) {
      auto process = spawn_detached(
          command, {.log = peer.dir / "out.log", .netns = NetNs::path_of(peer.netns)});
      if (!process) {
        return pass(std::move(process).error(), "peer " + peer.spec.name);
      }
      record.processes.push_back({*process, peer.spec.name});
      ISSU_TRY(record.save(), "writing the lab down");
      ISSU_TRY(wait_for_zebra(peer, command), "peer " + peer.spec.name);
    }
  }
  return {};
}

}  // namespace issu::drill
