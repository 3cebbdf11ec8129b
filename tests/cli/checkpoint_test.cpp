#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/checkpoint/archive/sample.hpp"

namespace issu {
namespace {

using nlohmann::json;

const tests::ArchiveSample& sample() {
  static const tests::ArchiveSample made;
  return made;
}

const std::filesystem::path& archive_made() {
  static const std::filesystem::path made = sample().pack("edge1.checkpoint");
  return made;
}

RunOutput checkpoint(Argv words) {
  words.insert(words.begin(), {ISSU_BIN_DIR "/issu", "checkpoint"});
  auto output = run(words);
  REQUIRE(output);
  return *output;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A router.toml of a router that is not there.
std::filesystem::path router_file(const std::string& more = "") {
  const auto file = sample().dir() / "router.toml";
  tests::require(write_file_atomic(
      file,
      "[router]\nname = \"nowhere\"\nsuite = \"frr\"\nconfig_dir = \"config\"\n"
      "state_dir = \"var\"\nrun_dir = \"run\"\n"
      "[images]\ncompatible = \"x\"\nkeyring = \"signer/ca.pem\"\n"
      "[[port]]\nname = \"p0\"\naddresses = [\"192.0.2.1/30\"]\ndevice = \"nothere0\"\n" +
          more));
  return file;
}

Argv with_key(Argv words) {
  words.insert(words.end(), {"--key-file", sample().key_file().string()});
  return words;
}

TEST_CASE("without its key an archive says its form and who signed it, and that it says no more") {
  const auto bare = checkpoint({"show", archive_made().string()});
  CHECK(bare.status == 0);
  CHECK(holds(bare.out, "format 1"));
  CHECK(holds(bare.out, "signed by:  not looked at"));
  CHECK(holds(bare.out, "not to be told without its key"));
  const auto said =
      checkpoint({"show", archive_made().string(), "--keyring", sample().keyring().string()});
  CHECK(said.status == 0);
  CHECK(holds(said.out, "CN=signer of signer"));
  CHECK_FALSE(holds(said.out, "edge1,"));
  CHECK_FALSE(holds(said.out, "bgpd"));
  const auto document = json::parse(checkpoint({"show", archive_made().string(), "--json"}).out);
  CHECK(document["manifest"].is_null());
  CHECK(document["signer"].is_null());
  CHECK(document["opened"] == false);
}

TEST_CASE("with its key it says what is in it") {
  const auto said = checkpoint(
      with_key({"show", archive_made().string(), "--keyring", sample().keyring().string()}));
  CHECK(said.status == 0);
  CHECK(holds(said.out, "router:     edge1"));
  CHECK(holds(said.out, "carrier-host"));
  CHECK(holds(said.out, "routes\n"));
  CHECK(holds(said.out, "not known"));
  CHECK(holds(said.out, "the daemons' configuration"));
  const auto document = json::parse(checkpoint(with_key({"show", archive_made().string(), "--json",
                                                         "--keyring", sample().keyring().string()}))
                                        .out);
  CHECK(document["manifest"]["router"] == "edge1");
  CHECK(document["manifest"]["routes"].is_null());
  CHECK(document["parts"][1]["name"] == "config");
  CHECK(document["parts"][1]["bytes"] == tests::ArchiveSample::config_text().size());
}

TEST_CASE("verify reads all of it, with and without the key; what is changed is refused with 3") {
  const Argv words{"verify", archive_made().string(), "--keyring", sample().keyring().string()};
  const auto unopened = checkpoint(words);
  CHECK(unopened.status == 0);
  CHECK(holds(unopened.out, "not opened"));
  const auto opened = checkpoint(with_key(words));
  CHECK(opened.status == 0);
  CHECK(holds(opened.out, "and all that is in it"));

  auto bytes = read_file(archive_made()).value();
  bytes[200] = static_cast<char>(bytes[200] ^ 1);
  tests::require(write_file_atomic(sample().dir() / "changed", bytes));
  const auto changed = checkpoint(
      {"verify", (sample().dir() / "changed").string(), "--keyring", sample().keyring().string()});
  CHECK(changed.status == 3);
  CHECK(holds(changed.err, "damaged or was changed"));
  CHECK(holds(changed.err, "->"));
}

TEST_CASE("words that are off end with 2") {
  CHECK(checkpoint({}).status == 2);
  CHECK(checkpoint({"show"}).status == 2);
  CHECK(checkpoint({"verify", archive_made().string()}).status == 2);
  CHECK(checkpoint(with_key({"show", archive_made().string()})).status == 2);
  CHECK(checkpoint(with_key({"show", archive_made().string(), "--passphrase"})).status == 2);
  CHECK(checkpoint({"save", "x", "-f", router_file().string()}).status == 2);
  CHECK(checkpoint(with_key({"save", "../x", "-f", router_file().string()})).status == 2);
  CHECK(checkpoint({"save", "x", "-f", router_file().string(), "--certificate", "c.pem"}).status ==
        2);
}

TEST_CASE("saving a router that is not there is refused with 3, all reasons told") {
  const auto said = checkpoint(with_key({"save", "x", "-f", router_file().string()}));
  CHECK(said.status == 3);
  CHECK(holds(said.err, "nobody was named to sign"));
  CHECK(holds(said.err, "runs no image"));
  CHECK_FALSE(std::filesystem::exists(sample().dir() / "var/checkpoints/x.checkpoint"));
}

TEST_CASE("restoring an archive of another router, without its image, is refused with 3") {
  const auto said = checkpoint(
      with_key({"restore", archive_made().string(), "-f", router_file().string(), "--json"}));
  CHECK(said.status == 3);
  CHECK(holds(said.err, "it is of the router edge1, this is nowhere"));
  CHECK(holds(said.err, "no slot holds the image"));
  CHECK(holds(said.err, "this router takes x"));
  CHECK(json::parse(said.out)["exit_code"] == 3);
  CHECK_FALSE(std::filesystem::exists(sample().dir() / "run"));
}

TEST_CASE("restoring on a machine that is older, or of another kind, is refused with 3") {
  tests::ArchiveSample foreign;
  foreign.manifest.machine.architecture = "s390x";
  foreign.manifest.machine.kernel = "99.1.0-7-cloud";
  foreign.manifest.machine.criu = "99.2";
  const auto file = foreign.pack("foreign");
  const auto router = foreign.dir() / "router.toml";
  tests::require(write_file_atomic(router, read_file(router_file()).value()));
  const auto said = checkpoint(
      {"restore", file.string(), "-f", router.string(), "--key-file", foreign.key_file().string()});
  CHECK(said.status == 3);
  CHECK_MESSAGE(holds(said.err, "s390x"), said.err);
  CHECK(holds(said.err, "99.1.0-7-cloud"));
  // Where CRIU works, its version counts, too; where none does, that is told.
  CHECK((holds(said.err, "99.2") || holds(said.err, "no CRIU works")));
  CHECK_FALSE(std::filesystem::exists(foreign.dir() / "run"));
}

TEST_CASE("restoring with another image than the one that was saved is refused with 3") {
  tests::require(
      write_file_atomic(sample().dir() / "payload", "hsqs is what a payload begins with"));
  RunOutput built = *run({ISSU_BIN_DIR "/issu", "image", "build", "--payload",
                          (sample().dir() / "payload").string(), "--compatible", "x", "--version",
                          "7", "--certificate", sample().signed_by().certificate.string(), "--key",
                          sample().signed_by().key.string(), "--output",
                          (sample().dir() / "other.raucb").string()});
  REQUIRE_MESSAGE(built.status == 0, built.err);
  const auto said =
      checkpoint(with_key({"restore", archive_made().string(), "-f", router_file().string(),
                           "--force", "--image", (sample().dir() / "other.raucb").string()}));
  CHECK(said.status == 3);
  CHECK_MESSAGE(holds(said.err, "is another image than the one"), said.err);
  CHECK(holds(said.err, "wanted is " + std::string(64, 'a')));
  CHECK_FALSE(std::filesystem::exists(sample().dir() / "var/slot-a"));
}

TEST_CASE("an archive is found by its name in the router's folder, with the router's key") {
  const auto router = router_file("[archive]\nfolder = \".\"\nkey_file = \"archive.key\"\n");
  (void)archive_made();
  const auto said = checkpoint({"show", "edge1", "-f", router.string()});
  CHECK(said.status == 0);
  CHECK(holds(said.out, "router:     edge1"));
}

TEST_CASE("each verb has its help with an example") {
  for (const char* verb : {"save", "show", "verify", "restore"}) {
    const auto said = checkpoint({verb, "--help"});
    CHECK(said.status == 0);
    CHECK(holds(said.out, std::string("issu checkpoint ") + verb));
  }
}

}  // namespace
}  // namespace issu
