#pragma once

#include <filesystem>
#include <string>

#include "issu/image/build.hpp"
#include "tests/image/keys.hpp"
#include "tests/temp_dir.hpp"

namespace issu::tests {

/// A good image with a small payload, signed by keys of its own; gone at the end of its life.
class SignedBundle {
 public:
  SignedBundle(const std::string& compatible, const std::string& version) : keys_(dir_ / "keys") {
    REQUIRE(write_file_atomic(dir_ / "payload", payload_text()));
    image::BuildOptions options = defaults();
    options.compatible = compatible;
    options.version = version;
    const auto built = image::build_bundle(options);
    REQUIRE_MESSAGE(built.has_value(), (built ? "" : built.error().message()));
  }

  [[nodiscard]] std::filesystem::path file() const { return dir_ / "image.raucb"; }
  [[nodiscard]] std::filesystem::path keyring() const { return keys_.keyring(); }
  [[nodiscard]] const Keys& keys() const { return keys_; }
  [[nodiscard]] const TempDir& dir() const { return dir_; }

  /// Options for another image from the same payload and keys.
  [[nodiscard]] image::BuildOptions defaults() const {
    image::BuildOptions options;
    options.payload = dir_ / "payload";
    options.output = file();
    options.certificate = keys_.certificate();
    options.key = keys_.key();
    options.compatible = "issu-test";
    options.version = "1.0";
    return options;
  }

  /// What the payload holds: does not compress to nothing, so that the bundle has a body.
  static std::string payload_text() {
    std::string text;
    unsigned number = 1;
    while (text.size() < 20'000) {
      number = number * 1'103'515'245U + 12'345U;
      text += static_cast<char>(number >> 16U);
    }
    return text;
  }

 private:
  TempDir dir_;
  Keys keys_;
};

}  // namespace issu::tests
