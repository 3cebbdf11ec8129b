#include <doctest/doctest.h>

#include <cstdlib>

#include "issu/image/bundle.hpp"
#include "tests/image/signed_bundle.hpp"
#include "tests/skip.hpp"

namespace issu {
namespace {

bool have_rauc() {
  const auto said = run({"rauc", "--version"});
  return said && said->status == 0;
}

const tests::SignedBundle& made() {
  static const tests::SignedBundle bundle("issu-test", "10.3");
  return bundle;
}

Argv rauc(Argv argv) {
  Argv all{"rauc",  "--keyring",        made().keyring(), "--cert", made().keys().certificate(),
           "--key", made().keys().key()};
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

TEST_CASE("rauc reads and verifies our image") {
  if (!have_rauc()) {
    ISSU_SKIP("the program rauc is not installed");
  }
  auto options = made().defaults();
  options.output = made().dir() / "full.raucb";
  options.description = "a line, a \\ and\nanother";
  options.minimum_version = "8.4";
  options.schemas_read = {1, 2};
  REQUIRE(image::build_bundle(options));
  const auto said = run_checked(rauc({"info", options.output}));
  REQUIRE_MESSAGE(said.has_value(), (said ? "" : said.error().message()));
  CHECK(said->find("issu-test") != std::string::npos);
  CHECK(said->find("rootfs.squashfs") != std::string::npos);

  const tests::Keys other(made().dir() / "other");
  const auto refused = run({"rauc", "info", "--keyring", other.keyring(), options.output});
  REQUIRE(refused);
  CHECK(refused->status != 0);
}

TEST_CASE("an image made by rauc is read, kind and architecture need not be stated") {
  if (!have_rauc()) {
    ISSU_SKIP("the program rauc is not installed");
  }
  const tests::TempDir dir;
  REQUIRE(make_dirs(dir / "content"));
  REQUIRE(write_file_atomic(dir / "content/payload.img", "what rauc packed"));
  REQUIRE(write_file_atomic(dir / "content/manifest.raucm",
                            "[update]\ncompatible=issu-test\nversion=2.0\n"
                            "[bundle]\nformat=plain\n[image.rootfs]\nfilename=payload.img\n"));
  const auto packed = run_checked(rauc({"bundle", dir / "content", dir / "rauc.raucb"}));
  REQUIRE_MESSAGE(packed.has_value(), (packed ? "" : packed.error().message()));
  const auto bundle = image::open_bundle(dir / "rauc.raucb", made().keyring());
  REQUIRE_MESSAGE(bundle.has_value(), (bundle ? "" : bundle.error().message()));
  CHECK(bundle->manifest().version == "2.0");
  CHECK_FALSE(bundle->manifest().kind_stated);
  REQUIRE(image::extract_payload(*bundle, dir / "out"));
  CHECK(*read_file(dir / "out") == "what rauc packed");
  CHECK(image::check_compatible(*bundle, {.compatible = "issu-test", .running_version = "1.0"}));
}

TEST_CASE("rauc's verity format is refused by name") {
  if (!have_rauc()) {
    ISSU_SKIP("the program rauc is not installed");
  }
  const tests::TempDir dir;
  REQUIRE(make_dirs(dir / "content"));
  REQUIRE(write_file_atomic(dir / "content/payload.img", tests::SignedBundle::payload_text()));
  REQUIRE(write_file_atomic(dir / "content/manifest.raucm",
                            "[update]\ncompatible=issu-test\nversion=2.0\n"
                            "[bundle]\nformat=verity\n[image.rootfs]\nfilename=payload.img\n"));
  const auto packed = run_checked(rauc({"bundle", dir / "content", dir / "rauc.raucb"}));
  REQUIRE_MESSAGE(packed.has_value(), (packed ? "" : packed.error().message()));
  const auto bundle = image::open_bundle(dir / "rauc.raucb", made().keyring());
  REQUIRE_FALSE(bundle);
  CHECK(bundle.error().kind() == ErrorKind::refused);
  CHECK(bundle.error().message().find("format=verity") != std::string::npos);
  CHECK(bundle.error().message().find("format=plain") != std::string::npos);
}

}  // namespace
}  // namespace issu
