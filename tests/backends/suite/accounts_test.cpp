#include "backends/suite/accounts.hpp"

#include <doctest/doctest.h>

#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends;

TEST_CASE("groups that lack are added, root becomes a member of the others") {
  CHECK(with_groups("root:x:0:\nfrrvty:x:102:\n", {"frrvty"}) == "root:x:0:\nfrrvty:x:102:root\n");
  CHECK(with_groups("frrvty:x:102:frr\n", {"frrvty"}) == "frrvty:x:102:frr,root\n");
  CHECK(with_groups("root:x:0:\nnogroup:x:65534:\nx:x:700:\n", {"frr"}) ==
        "root:x:0:\nnogroup:x:65534:\nx:x:700:\nfrr:x:701:root\n");
}

TEST_CASE("groups that are as they should be stay as they are") {
  const std::string text = "root:x:0:\nfrrvty:x:102:frr,root\n";
  CHECK(with_groups(text, {"frrvty"}) == text);
  CHECK(with_groups(text, {}) == text);
}

TEST_CASE("a root filesystem without accounts gets root and the groups") {
  tests::TempDir folder;
  REQUIRE(prepare_accounts(folder.path(), {"frrvty"}).has_value());
  CHECK(read_file(folder / "etc/passwd").value().starts_with("root:x:0:0:"));
  CHECK(read_file(folder / "etc/group").value() == "root:x:0:\nfrrvty:x:500:root\n");
}
