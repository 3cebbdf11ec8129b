#include "issu/image/build.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "issu/image/bundle.hpp"
#include "issu/image/info.hpp"
#include "tests/image/signed_bundle.hpp"

namespace issu {
namespace {

const tests::SignedBundle& made() {
  static const tests::SignedBundle bundle("issu-test", "10.3");
  return bundle;
}

std::size_t count_files(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                std::filesystem::directory_iterator()));
}

TEST_CASE("what is built is opened and extracted") {
  const auto bundle = image::open_bundle(made().file(), made().keyring());
  REQUIRE_MESSAGE(bundle.has_value(), (bundle ? "" : bundle.error().message()));
  CHECK(bundle->manifest().version == "10.3");
  CHECK(bundle->manifest().architecture == image::host_architecture());
  CHECK(bundle->payload_size() == tests::SignedBundle::payload_text().size());
  CHECK(bundle->file_size() == std::filesystem::file_size(made().file()));
  CHECK(bundle->signer().subject.find("CN=signer of keys") != std::string::npos);

  const tests::TempDir dir;
  REQUIRE(make_dirs(dir / "payload.part"));
  REQUIRE(write_file_atomic(dir / "payload.part/leftover", "of a run that was cut off"));
  for (int again = 0; again < 2; ++again) {
    REQUIRE(image::extract_payload(*bundle, dir / "payload"));
    CHECK(*read_file(dir / "payload") == tests::SignedBundle::payload_text());
    CHECK(count_files(dir.path()) == 1);
  }
  struct stat status {};
  REQUIRE(::stat((dir / "payload").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  CHECK(image::verify_payload(*bundle));
}

TEST_CASE("a file that takes the name of a verified one is not read") {
  const tests::TempDir dir;
  std::filesystem::copy_file(made().file(), dir / "a");
  const auto bundle = image::open_bundle(dir / "a", made().keyring());
  REQUIRE(bundle);
  REQUIRE(write_file_atomic(dir / "a", "something else"));
  REQUIRE(image::extract_payload(*bundle, dir / "payload"));
  CHECK(*read_file(dir / "payload") == tests::SignedBundle::payload_text());
}

TEST_CASE("a folder becomes a root filesystem, the same one each time") {
  const tests::TempDir dir;
  REQUIRE(make_dirs(dir / "root/etc"));
  REQUIRE(write_file_atomic(dir / "root/etc/hostname", "router\n"));
  auto options = made().defaults();
  options.payload.clear();
  options.root = dir / "root";
  options.output = dir / "one";
  options.keyring = made().keyring();
  const auto one = image::build_bundle(options);
  REQUIRE_MESSAGE(one.has_value(), (one ? "" : one.error().message()));
  options.output = dir / "two";
  const auto two = image::build_bundle(options);
  REQUIRE(two);
  CHECK(one->manifest.payload().sha256 == two->manifest.payload().sha256);
  CHECK(one->manifest.payload().filename == "rootfs.squashfs");
  CHECK(count_files(dir.path()) == 3);
  const auto bundle = image::open_bundle(dir / "one", made().keyring());
  REQUIRE(bundle);
  REQUIRE(image::extract_payload(*bundle, dir / "payload"));
  const auto text = run_checked({"unsquashfs", "-cat", dir / "payload", "etc/hostname"});
  REQUIRE(text);
  CHECK(*text == "router\n");
}

TEST_CASE("other kinds, schemas and versions come through") {
  auto options = made().defaults();
  options.output = made().dir() / "kernel.raucb";
  options.kind = image::Kind::kernel;
  options.architecture = "arm64";
  options.minimum_version = "8.0";
  options.schemas_read = {1, 2};
  options.schemas_written = {2};
  REQUIRE(image::build_bundle(options));
  const auto bundle = image::open_bundle(options.output, made().keyring());
  REQUIRE(bundle);
  CHECK(bundle->manifest().kind == image::Kind::kernel);
  CHECK(bundle->manifest().schemas_read == std::vector<unsigned>{1, 2});

  const auto fits = image::check_compatible(
      *bundle,
      {.compatible = "other", .running_version = "7.9", .architecture = "amd64", .kind = "rootfs"});
  REQUIRE_FALSE(fits);
  CHECK(fits.error().kind() == ErrorKind::refused);
  const std::string message = fits.error().message();
  CHECK(message.find("this router takes 'other'") != std::string::npos);
  CHECK(message.find("architecture arm64, this machine is amd64") != std::string::npos);
  CHECK(message.find("follows version 8.0 or later, 7.9 runs") != std::string::npos);
  CHECK(message.find("holds a kernel, a rootfs is needed") != std::string::npos);
  CHECK(fits.error().others().size() == 3);
  CHECK(image::check_compatible(*bundle, {.compatible = "issu-test",
                                          .running_version = "8.0",
                                          .architecture = "arm64",
                                          .kind = "kernel"}));
}

TEST_CASE("wrong options are told all at once, nothing is left behind") {
  const tests::TempDir dir;
  image::BuildOptions options;
  options.output = dir / "new";
  options.version = "1 0";
  options.certificate = dir / "none.pem";
  options.key = dir / "none.key";
  const auto built = image::build_bundle(options);
  REQUIRE_FALSE(built);
  CHECK(built.error().kind() == ErrorKind::usage);
  CHECK(built.error().others().size() == 4);
  CHECK(count_files(dir.path()) == 0);
}

TEST_CASE("a key that is not the certificate's, a keyring that does not know the signer") {
  const tests::TempDir dir;
  const tests::Keys other(dir / "other");
  auto options = made().defaults();
  options.output = dir / "new";
  options.key = other.key();
  auto built = image::build_bundle(options);
  REQUIRE_FALSE(built);
  CHECK(built.error().message().find("does not belong to") != std::string::npos);
  options.key = made().keys().key();
  options.keyring = other.keyring();
  built = image::build_bundle(options);
  REQUIRE_FALSE(built);
  CHECK(built.error().message().find("does not know") != std::string::npos);
  CHECK(count_files(dir.path()) == 1);
}

TEST_CASE("info says what is known, for people and as JSON") {
  const auto peeked = image::peek_bundle(made().file());
  REQUIRE(peeked);
  const std::string text =
      image::info_text("x.raucb", peeked->file_size, peeked->manifest, nullptr);
  CHECK(text.find("issu-test") != std::string::npos);
  CHECK(text.find("NOT VERIFIED") != std::string::npos);
  const auto bundle = image::open_bundle(made().file(), made().keyring());
  REQUIRE(bundle);
  const auto json = nlohmann::json::parse(
      image::info_json("x.raucb", bundle->file_size(), bundle->manifest(), &bundle->signer()));
  CHECK(json["verified"] == true);
  CHECK(json["compatible"] == "issu-test");
  CHECK(json["minimum_version"].is_null());
  CHECK(json["signer"]["fingerprint"].get<std::string>().size() == 64);
}

}  // namespace
}  // namespace issu
