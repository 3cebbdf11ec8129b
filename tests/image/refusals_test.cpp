#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "issu/image/bundle.hpp"
#include "tests/image/forge.hpp"
#include "tests/image/signed_bundle.hpp"

namespace issu {
namespace {

/// A folder with a good manifest and payload, to be spoilt and signed.
struct Forgery {
  tests::TempDir dir;
  const tests::Keys& keys = shared_keys();

  Forgery() {
    REQUIRE(make_dirs(dir / "content"));
    REQUIRE(write_file_atomic(dir / "content/payload", "a payload"));
    write_manifest(tests::manifest_for(dir / "content/payload"));
  }
  void write_manifest(const std::string& text) const {
    REQUIRE(write_file_atomic(dir / "content/manifest.raucm", text));
  }
  [[nodiscard]] Result<image::VerifiedBundle> open(const Argv& extra = {}) const {
    tests::forge(dir / "content", dir / "bundle", keys, extra);
    return image::open_bundle(dir / "bundle", keys.keyring());
  }
  [[nodiscard]] std::string refusal(const Argv& extra = {}) const {
    const auto bundle = open(extra);
    if (bundle) {
      return "";
    }
    CHECK(bundle.error().kind() == ErrorKind::refused);
    return bundle.error().message();
  }

  static const tests::Keys& shared_keys() {
    static const tests::TempDir folder;
    static const tests::Keys keys(folder / "keys");
    return keys;
  }
};

bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CAPTURE(part);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

TEST_CASE("a forgery without a fault is opened") {
  const Forgery forgery;
  CHECK(forgery.refusal().empty());
}

TEST_CASE("files that are no bundles") {
  const Forgery forgery;
  const auto refusal = [&](const std::string& name) {
    const auto bundle = image::open_bundle(forgery.dir / name, forgery.keys.keyring());
    REQUIRE_FALSE(bundle);
    CHECK(bundle.error().kind() == ErrorKind::refused);
    return bundle.error().message();
  };
  has(refusal("none"), "No such file");
  has(refusal("content"), "is not a regular file");
  REQUIRE(write_file_atomic(forgery.dir / "empty", ""));
  has(refusal("empty"), "is not an image");
  REQUIRE(write_file_atomic(forgery.dir / "text", std::string(5000, 'x')));
  has(refusal("text"), "is not an image");
  REQUIRE(::mkfifo((forgery.dir / "pipe").c_str(), 0600) == 0);
  has(refusal("pipe"), "is not a regular file");
  REQUIRE(run_checked(
      {"mksquashfs", forgery.dir / "content", forgery.dir / "unsigned", "-quiet", "-no-progress"}));
  has(refusal("unsigned"), "is not signed");
}

TEST_CASE("a link, a device, a folder, a pipe, an odd name: all are named at once") {
  const Forgery forgery;
  const std::string message = forgery.refusal(
      {"-p", "link s 777 0 0 payload", "-p", "device c 666 0 0 1 3", "-p", "disk b 660 0 0 8 0",
       "-p", "folder d 755 0 0", "-p", "pipe i 600 0 0 f", "-p", ".hidden f 600 0 0 echo"});
  has(message, "holds link -> payload, which is a symbolic link");
  has(message, "holds device, which is a device");
  has(message, "holds disk, which is a device");
  has(message, "holds folder, which is a folder");
  has(message, "holds pipe, which is a pipe");
  has(message, "whose name is not plain: '.hidden'");
}

TEST_CASE("a name with a line end can't pass for another entry") {
  const Forgery forgery;
  REQUIRE(write_file_atomic(forgery.dir / "content/a\nb", "x"));
  CHECK_FALSE(forgery.refusal().empty());
}

TEST_CASE("a manifest of 100 MB is refused before it is read") {
  const Forgery forgery;
  forgery.write_manifest(tests::manifest_for(forgery.dir / "content/payload"));
  std::filesystem::resize_file(forgery.dir / "content/manifest.raucm", 100'000'000);
  tests::forge(forgery.dir / "content", forgery.dir / "bundle", forgery.keys);
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const auto bundle = image::open_bundle(forgery.dir / "bundle", forgery.keys.keyring());
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  REQUIRE_FALSE(bundle);
  has(bundle.error().message(), "manifest.raucm of 100000000 bytes: more than 64 KiB is not read");
  CHECK(after.ru_maxrss - before.ru_maxrss < 20'000);
}

TEST_CASE("a manifest that does not match what lies beside it") {
  const Forgery forgery;
  const std::string good = tests::manifest_for(forgery.dir / "content/payload");
  REQUIRE(write_file_atomic(forgery.dir / "content/payload", "longer than before"));
  has(forgery.refusal(), "holds payload with 18 bytes, its manifest says 9");
  std::filesystem::rename(forgery.dir / "content/payload", forgery.dir / "content/other");
  has(forgery.refusal(), "has no payload, which its manifest names");
  forgery.write_manifest(good + "[image.rootfs]\nsize=x\n");
  has(forgery.refusal(), "bundle:manifest.raucm:12: the section [image.rootfs] is there twice");
  std::filesystem::remove(forgery.dir / "content/manifest.raucm");
  has(forgery.refusal(), "has no manifest.raucm");
}

TEST_CASE("a payload with another digest is not put in place") {
  const Forgery forgery;
  REQUIRE(write_file_atomic(forgery.dir / "content/payload", "b payload"));
  const auto bundle = forgery.open();
  REQUIRE(bundle);
  const auto extracted = image::extract_payload(*bundle, forgery.dir / "out");
  REQUIRE_FALSE(extracted);
  has(extracted.error().message(), "is not what the manifest says");
  CHECK_FALSE(std::filesystem::exists(forgery.dir / "out"));
  CHECK_FALSE(std::filesystem::exists(forgery.dir / "out.part"));
  CHECK_FALSE(image::verify_payload(*bundle));
}

TEST_CASE("a payload larger than the free space is refused before anything is written") {
  const Forgery forgery;
  const auto bundle = forgery.open();
  REQUIRE(bundle);
  // A filesystem that never has room.
  const auto extracted = image::extract_payload(*bundle, "/proc/issu-payload");
  REQUIRE_FALSE(extracted);
  CHECK(extracted.error().kind() == ErrorKind::refused);
  has(extracted.error().message(), "has 9 bytes and /proc has room for 0");
}

TEST_CASE("strangers, expired certificates and wrong purposes") {
  const Forgery forgery;
  const tests::Keys stranger(forgery.dir / "stranger");
  tests::forge(forgery.dir / "content", forgery.dir / "bundle", stranger);
  const auto refusal = [&](const tests::Keys& keyring) {
    const auto bundle = image::open_bundle(forgery.dir / "bundle", keyring.keyring());
    REQUIRE_FALSE(bundle);
    CHECK(bundle.error().kind() == ErrorKind::refused);
    return bundle.error().message();
  };
  has(refusal(forgery.keys), "is signed by CN=signer of stranger, whom the keyring");
  const tests::Keys expired(forgery.dir / "expired", "emailProtection", -1);
  tests::forge(forgery.dir / "content", forgery.dir / "bundle", expired);
  has(refusal(expired), "is signed with an expired certificate: CN=signer of expired");
  const tests::Keys server(forgery.dir / "server", "serverAuth");
  tests::forge(forgery.dir / "content", forgery.dir / "bundle", server);
  has(refusal(server), "whose certificate is not for signing");
}

TEST_CASE("a keyring that is none") {
  const Forgery forgery;
  tests::forge(forgery.dir / "content", forgery.dir / "bundle", forgery.keys);
  REQUIRE(write_file_atomic(forgery.dir / "keyring", "nothing\n"));
  const auto empty = image::open_bundle(forgery.dir / "bundle", forgery.dir / "keyring");
  REQUIRE_FALSE(empty);
  has(empty.error().message(), "has no certificate in it");
  const auto missing = image::open_bundle(forgery.dir / "bundle", forgery.dir / "none");
  REQUIRE_FALSE(missing);
  has(missing.error().message(), "reading the keyring");
}

}  // namespace
}  // namespace issu
