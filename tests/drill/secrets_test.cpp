#include "issu/drill/secrets.hpp"

#include <doctest/doctest.h>

#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a password is found wherever it stands, but where it has to") {
  const tests::TempDir dir;
  for (const char* folder : {"work/config", "work/state/evidence", "run"}) {
    REQUIRE(make_dirs(dir / folder));
  }
  REQUIRE(write_file_atomic(dir / "work/config/bgpd.conf", "neighbor x password between-us-two"));
  REQUIRE(write_file_atomic(dir / "work/state/journal", "nothing"));
  const SecretSearch search{{"between-us-two"}, {dir / "work", dir / "run"}, {dir / "work/config"}};
  CHECK(told_secrets(search)->empty());

  REQUIRE(write_file_atomic(dir / "run/lxc.log", "… password between-us-two …"));
  CHECK(told_secrets(search).value() ==
        std::vector{(dir / "run/lxc.log").string() + " tells a password"});
  fs::remove(dir / "run/lxc.log");

  fs::permissions(dir / "work/config/bgpd.conf", fs::perms(0644));
  CHECK(told_secrets(search).value() ==
        std::vector{(dir / "work/config/bgpd.conf").string() + " has a password and mode 0644"});
}

TEST_CASE("what others may read of a router's state is named, each once") {
  const tests::TempDir dir;
  for (const char* folder : {"state/slots", "state/daemons"}) {
    REQUIRE(make_dirs(dir / folder));
  }
  REQUIRE(write_file_atomic(dir / "state/journal", ""));
  REQUIRE(write_file_atomic(dir / "state/daemons/x", "", 0644));
  fs::create_symlink("/etc/passwd", dir / "state/link");
  const std::vector<fs::path> shared{dir / "state/daemons"};
  CHECK(open_to_others(dir / "state", shared).empty());
  fs::permissions(dir / "state/journal", fs::perms(0640));
  fs::permissions(dir / "state/slots", fs::perms(0711));
  auto lines = open_to_others(dir / "state", shared);
  std::sort(lines.begin(), lines.end());
  CHECK(lines == std::vector{(dir / "state/journal").string() + " has mode 0640",
                             (dir / "state/slots").string() + " has mode 0711"});
}

TEST_CASE("a drill's document, journal and evidence are looked through") {
  const tests::TempDir dir;
  LabSpec spec;
  spec.peers.push_back({"east", "bird"});
  spec.peers.back().password = "between-us-two";
  Layout layout = lay_out(spec, "drill-secrets-test", dir / "work");
  REQUIRE(make_dirs(layout.state_dir()));
  REQUIRE(make_dirs(layout.evidence()));
  const auto all_good = [&](const std::vector<UpgradeRun>& upgrades) {
    const auto judgements = judge_secrets(layout, upgrades);
    REQUIRE(judgements.size() == 2);
    return judgements[0].passed && judgements[1].passed;
  };
  CHECK(all_good({{"there", 0, "{}", {}}}));
  CHECK_FALSE(all_good({{"there", 0, R"({"reason": "between-us-two"})", {}}}));
  REQUIRE(write_file_atomic(layout.evidence() / "001-upgrade.log", "between-us-two"));
  CHECK_FALSE(all_good({}));
  layout.peers.front().spec.password.clear();
  CHECK(judge_secrets(layout, {}).size() == 1);
}

}  // namespace
}  // namespace issu::drill
