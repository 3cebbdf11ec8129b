// Real zebra with dplane_fpm_nl, the one that is installed and the one of the drills' newer image:
// what arrives in the tables.
#include "issu/base/file.hpp"
#include "state-sync/fpm/server.hpp"
#include "tests/skip.hpp"
#include "tests/state-sync/fpm/feed_lab.hpp"

namespace issu::fpm {
namespace {

using Lines = std::vector<std::string>;

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

/// How one release is started and configured.
struct Frr {
  virtual ~Frr() = default;
  /// With these lines of zebra's and of staticd's.
  virtual void start(const Lines& zebra, const Lines& statics) = 0;
  virtual Argv vtysh() const = 0;
  virtual bool tells_of_links() const = 0;

  void configure(const Lines& lines) {
    Argv argv = vtysh();
    argv.insert(argv.end(), {"-c", "configure terminal"});
    for (const std::string& line : lines) {
      argv.insert(argv.end(), {"-c", line});
    }
    const auto said = run_checked(argv);
    REQUIRE_MESSAGE(said, (said ? "" : said.error().message()));
  }
};

struct Installed final : Frr {
  explicit Installed(test::DaemonLab& with) : daemons(with) {}
  void start(const Lines& zebra, const Lines& statics) override {
    daemons.start_frr("rt", "zebra", joined(zebra), {"-M", "dplane_fpm_nl"});
    daemons.start_frr("rt", "staticd", joined(statics));
  }
  Argv vtysh() const override { return {"vtysh", "--vty_socket", daemons.folder().string()}; }
  bool tells_of_links() const override { return true; }

  test::DaemonLab& daemons;
};

std::filesystem::path newer_image() {
  return std::filesystem::path(ISSU_SOURCE_DIR) / "build/images/frr-trixie.squashfs";
}

/// FRR 10.3 in its root filesystem. Its static routes are mgmtd's business.
struct FromImage final : Frr {
  explicit FromImage(test::DaemonLab& with) : daemons(with) {
    REQUIRE(run_checked({"unsquashfs", "-q", "-n", "-d", root.string(), newer_image().string()}));
    for (const char* folder : {"run/frr", "var/log/frr", "var/tmp/frr", "var/lib/frr"}) {
      REQUIRE(make_dirs(root / folder, 0755));
    }
  }
  void start(const Lines& zebra, const Lines& statics) override {
    REQUIRE(write_file_atomic(root / "etc/frr/zebra.conf", joined(zebra)));
    REQUIRE(write_file_atomic(root / "etc/frr/staticd.conf", joined(statics)));
    one("zebra", {"-M", "dplane_fpm_nl"});
    one("mgmtd", {});
    one("staticd", {});
  }
  Argv vtysh() const override { return {"chroot", root.string(), "/usr/bin/vtysh"}; }
  bool tells_of_links() const override { return false; }
  void one(const std::string& daemon, const Argv& options) {
    Argv argv{
        "chroot", root.string(), "/usr/lib/frr/" + daemon, "-u", "root", "-g", "root", "-P", "0",
        "--log",  "stdout"};
    argv.insert(argv.end(), options.begin(), options.end());
    daemons.start(daemon, argv, "rt");
    const auto vty = root / "run/frr" / (daemon + ".vty");
    REQUIRE(wait_until([&] { return std::filesystem::exists(vty); },
                       Deadline::in(std::chrono::seconds(10))));
  }

  test::DaemonLab& daemons;
  std::filesystem::path root = daemons.folder() / "root";
};

FpmServer server_of(Lab& lab) {
  Fd listener;
  REQUIRE(lab.inside([&]() -> Result<void> {
    auto opened = listen_for_fpm(2620);
    if (!opened) {
      return fail(std::move(opened).error());
    }
    listener = std::move(*opened);
    return {};
  }));
  return FpmServer(std::move(listener), lab.feed);
}

void verify(Lab& lab, Frr& frr, bool by_id) {
  FpmServer server = server_of(lab);
  const auto serve = [&](const std::function<bool()>& done) { serve_until(lab, server, done); };
  Lines lines{"fpm address 127.0.0.1 port 2620"};
  if (!by_id) {
    lines.emplace_back("no fpm use-next-hop-groups");
  }
  frr.start(lines,
            {"ip route 10.1.0.0/16 192.0.2.2", "ip route 10.2.0.0/16 192.0.2.2",
             "ip route 10.2.0.0/16 198.51.100.2", "ip route 10.3.0.0/16 blackhole",
             "ip route 10.4.0.0/16 one", "ip route 10.5.0.0/16 203.0.113.9",
             "ipv6 route 2001:db8:1::/48 2001:db8::2", "ipv6 route 2001:db8:2::/48 2001:db8::2",
             "ipv6 route 2001:db8:2::/48 2001:db8::3"});
  serve([&] {
    return lab.tables.counts().daemon4 == 4 && lab.tables.counts().daemon6 == 2 &&
           lab.way("10.2.0.0/16") == "2 hops" && lab.way("2001:db8:2::/48") == "2 hops";
  });
  CHECK(lab.way("10.1.0.0/16") == "192.0.2.2");
  CHECK(lab.way("10.3.0.0/16") == "blackhole");
  CHECK(lab.way("10.4.0.0/16") == "connected");
  CHECK(lab.way("10.5.0.0/16").empty());  // no way to its gateway
  CHECK(lab.way("2001:db8:1::/48") == "2001:db8::2");

  // A change is one change, a withdrawal is gone.
  REQUIRE(lab.tables.hold(1));
  frr.configure({"ip route 10.1.0.0/16 198.51.100.2", "no ip route 10.1.0.0/16 192.0.2.2",
                 "no ip route 10.2.0.0/16 198.51.100.2", "no ip route 10.3.0.0/16 blackhole"});
  serve([&] {
    return lab.way("10.1.0.0/16") == "198.51.100.2" && lab.way("10.2.0.0/16") == "192.0.2.2" &&
           lab.way("10.3.0.0/16").empty();
  });
  CHECK(lab.tables.hold_state().deleted == 1);

  // A new epoch: the connection ends, zebra comes again and says everything once more.
  server.begin_epoch();
  CHECK_FALSE(server.connected());
  REQUIRE(lab.tables.hold(2));
  CHECK(lab.tables.hold_state().stale == 5);
  serve([&] { return lab.tables.hold_state().stale == 0; });
  CHECK(lab.tables.hold_state().deleted == 0);
  CHECK(lab.tables.hold_state().added == 0);
  CHECK(lab.feed.counters().faults() == 0);

  // A port that goes down. FRR 8 tells what is left; 10 leaves it to the kernel, and to us.
  frr.configure({"ip route 10.2.0.0/16 198.51.100.2"});
  serve([&] { return lab.way("10.2.0.0/16") == "2 hops"; });
  lab.set_link("two", false);
  CHECK(lab.way("10.2.0.0/16") == (by_id ? "192.0.2.2" : "2 hops"));
  if (frr.tells_of_links()) {
    serve([&] { return lab.way("10.2.0.0/16") == "192.0.2.2" && lab.way("10.1.0.0/16").empty(); });
  }
  lab.set_link("two", true);
  serve([&] { return lab.way("10.2.0.0/16") == "2 hops" && !lab.way("10.1.0.0/16").empty(); });
  CHECK(lab.feed.counters().faults() == 0);

  // Killed without a word: the tables keep what they have.
  lab.daemons.kill("zebra");
  serve([&] { return !server.connected(); });
  CHECK(lab.way("10.1.0.0/16") == "198.51.100.2");
}

TEST_CASE("the installed FRR over FPM") {
  if (const std::string missing = test::DaemonLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  Lab lab;
  Installed frr(lab.daemons);
  SUBCASE("with next-hop groups") {
    verify(lab, frr, true);
  }
  SUBCASE("without next-hop groups") {
    verify(lab, frr, false);
  }
}

TEST_CASE("the newer FRR of the drills' image over FPM") {
  if (const std::string missing = test::DaemonLab::missing(); !missing.empty()) {
    ISSU_SKIP(missing);
  }
  if (!std::filesystem::exists(newer_image())) {
    ISSU_SKIP("no " + newer_image().string() + ": scenarios/images/build makes it");
  }
  Lab lab;
  FromImage frr(lab.daemons);
  SUBCASE("with next-hop groups") {
    verify(lab, frr, true);
  }
  SUBCASE("without next-hop groups") {
    verify(lab, frr, false);
  }
}

}  // namespace
}  // namespace issu::fpm
