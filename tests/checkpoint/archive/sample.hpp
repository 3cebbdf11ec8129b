#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "checkpoint/archive/pack.hpp"
#include "checkpoint/archive/unpack.hpp"
#include "issu/base/file.hpp"
#include "tests/image/keys.hpp"
#include "tests/temp_dir.hpp"

namespace issu::tests {

inline void require(const Result<void>& result) {
  REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message()));
}

/// A state and a configuration to put into archives, the keys for it, gone at the end of its life.
class ArchiveSample {
 public:
  ArchiveSample() : signer_(dir_ / "signer") {
    require(make_dirs(dir_ / "state/images"));
    require(write_file_atomic(dir_ / "state/images/core-1.img", std::string(3000, 'm')));
    require(write_file_atomic(dir_ / "state/images/empty.img", ""));
    require(make_dirs(dir_ / "config"));
    require(write_file_atomic(dir_ / "config/bgpd.conf", config_text()));
    require(write_file_atomic(key_file(), hex_key(), 0600));
    manifest.router = "edge1";
    manifest.suite = "frr";
    manifest.machine.host = "carrier-host";
    manifest.image.sha256 = std::string(64, 'a');
  }

  static std::string config_text() {
    return "hostname marmalade\nrouter bgp 65001\n neighbor 192.0.2.77 remote-as 65002\n"
           " neighbor 192.0.2.77 password Zwiebelkuchen\n address-family ipv4 unicast\n"
           "  neighbor 192.0.2.77 route-map OUTBOUND out\n";
  }
  static std::string hex_key() {
    return "00112233445566778899aabbccddeeff0102030405060708090a0b0c0d0e0f10\n";
  }

  [[nodiscard]] std::vector<archive::Source> sources() const {
    return {{archive::state_part, dir_ / "state"}, {archive::config_part, dir_ / "config"}};
  }
  [[nodiscard]] archive::SignedBy signed_by() const {
    return {signer_.certificate(), signer_.key()};
  }
  [[nodiscard]] archive::Key key() const {
    auto read = archive::read_key_file(key_file());
    REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().message()));
    return std::move(*read);
  }
  /// Packs it all under this name.
  std::filesystem::path pack(const std::string& name, unsigned chunk_log2 = 12) const {
    const auto packed =
        archive::pack(dir_ / name, manifest, sources(), key(), signed_by(), {false, chunk_log2});
    REQUIRE_MESSAGE(packed.has_value(), (packed ? "" : packed.error().message()));
    return dir_ / name;
  }

  /// Reads all of an archive: signature, index, every file. Keeps nothing.
  [[nodiscard]] Result<archive::Index> read(const std::filesystem::path& file) const {
    return read(file, key(), keyring());
  }
  [[nodiscard]] static Result<archive::Index> read(const std::filesystem::path& file,
                                                   const archive::Key& key,
                                                   const std::filesystem::path& keyring) {
    auto opened = archive::SignedArchive::open(file, keyring);
    if (!opened) {
      return fail(std::move(opened).error());
    }
    auto reader = archive::Reader::unlock(*opened, key);
    if (!reader) {
      return fail(std::move(reader).error());
    }
    auto index = archive::read_index(*reader, file.string());
    if (!index) {
      return index;
    }
    ISSU_TRY(archive::check_contents(*reader, *index), "");
    return index;
  }

  [[nodiscard]] std::filesystem::path keyring() const { return signer_.keyring(); }
  [[nodiscard]] std::filesystem::path key_file() const { return dir_ / "archive.key"; }
  [[nodiscard]] const TempDir& dir() const { return dir_; }
  archive::Manifest manifest;

 private:
  TempDir dir_;
  Keys signer_;
};

}  // namespace issu::tests
