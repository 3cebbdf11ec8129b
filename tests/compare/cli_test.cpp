#include <doctest/doctest.h>
#include <unistd.h>

#include "issu/base/child.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;

namespace {

RunOutput issu_compare(Argv words) {
  Argv argv{ISSU_BIN_DIR "/issu", "compare"};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv).value();
}

}  // namespace

TEST_CASE("words that are off end with 2, and nothing is begun") {
  const tests::TempDir folder;
  const std::string out = (folder / "out").string();
  const auto wrong = issu_compare({"--out", out, "--only", "boot-time,speed", "--runs", "0"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err.find("there is no row speed") != std::string::npos);
  CHECK(wrong.err.find("--runs 0") != std::string::npos);
  CHECK(issu_compare({"--out", out, "--shape", "boxes"}).status == 2);
  CHECK(issu_compare({"--out", out, "--limit-minutes", "-1"}).status == 2);
  CHECK(issu_compare({"--out", out, "--limit-minutes", "soon"}).status == 2);
  CHECK(issu_compare({"--out", out, "--onyl", "memory"}).status == 2);
  CHECK(issu_compare({"--out", "", "--only", "memory"}).status == 2);
  const auto nowhere = issu_compare({"--out", out, "--html", "/nowhere/x.html"});
  CHECK(nowhere.status == 2);
  CHECK(nowhere.err.find("/nowhere") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("without images it is refused with 3, and nothing is begun") {
  const tests::TempDir folder;
  const std::string out = (folder / "out").string();
  const auto refused = issu_compare({"--out", out, "--images", folder.path().string(), "--work",
                                     folder.path().string(), "--only", "image-size"});
  CHECK(refused.status == 3);
  CHECK(refused.err.find((folder / "keyring.pem").string()) != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("the rows are listed") {
  const auto list = issu_compare({"--list"});
  CHECK(list.status == 0);
  CHECK(list.out ==
        "virtualization\nsystems\ninstances\nkernel-upgrade\nimage-size\nmemory\nboot-time\n"
        "image-upgrade\ndata-plane-loss\n");
}
