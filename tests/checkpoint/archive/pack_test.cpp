#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/checkpoint/archive/sample.hpp"

namespace issu {
namespace {

namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

Result<void> unpack_all(const tests::ArchiveSample& sample, const fs::path& file,
                        const fs::path& folder) {
  auto opened = archive::SignedArchive::open(file, sample.keyring());
  if (!opened) {
    return fail(std::move(opened).error());
  }
  auto reader = archive::Reader::unlock(*opened, sample.key());
  if (!reader) {
    return fail(std::move(reader).error());
  }
  auto index = archive::read_index(*reader, file.string());
  if (!index) {
    return fail(std::move(index).error());
  }
  return archive::unpack(*reader, *index, folder);
}

/// An archive with an index that no packer of ours would write.
fs::path forge(const tests::ArchiveSample& sample, const std::string& index,
               const std::string& contents) {
  const fs::path file = sample.dir() / "forged";
  auto writer = archive::Writer::create(file, sample.key(), {true, 12});
  REQUIRE(writer);
  std::string text(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    text[i] = static_cast<char>(index.size() >> (8 * i));
  }
  text += index + contents;
  tests::require(writer->write({reinterpret_cast<const unsigned char*>(text.data()), text.size()}));
  tests::require(writer->finish(sample.signed_by()));
  return file;
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_CASE("what was packed comes out again, for its owner only") {
  const tests::ArchiveSample sample;
  const mode_t mask = ::umask(0);
  const auto file = sample.pack("archive");
  CHECK(mode_of(file) == 0600);
  tests::require(unpack_all(sample, file, sample.dir() / "out"));
  ::umask(mask);
  const auto out = sample.dir() / "out";
  CHECK(read_file(out / "config/bgpd.conf").value() == tests::ArchiveSample::config_text());
  CHECK(read_file(out / "state/images/core-1.img").value() == std::string(3000, 'm'));
  CHECK(read_file(out / "state/images/empty.img").value().empty());
  CHECK(mode_of(out) == 0700);
  CHECK(mode_of(out / "state") == 0700);
  CHECK(mode_of(out / "config/bgpd.conf") == 0600);
  const auto index = sample.read(file);
  REQUIRE(index);
  CHECK(index->manifest.router == "edge1");
  CHECK_FALSE(index->manifest.routes.has_value());
  CHECK(index->bytes() == 3000 + tests::ArchiveSample::config_text().size());
}

TEST_CASE("sizes around the edges of a piece") {
  for (const std::size_t size : {4095U, 4096U, 4097U, 8192U, 65536U}) {
    const tests::ArchiveSample sample;
    tests::require(
        write_file_atomic(sample.dir() / "state/images/pages-1.img", std::string(size, 'p')));
    tests::require(unpack_all(sample, sample.pack("archive"), sample.dir() / "out"));
    CHECK(fs::file_size(sample.dir() / "out/state/images/pages-1.img") == size);
  }
}

TEST_CASE("links, sockets and devices are refused by name") {
  const tests::ArchiveSample sample;
  const auto link = sample.dir() / "config/frr.conf";
  REQUIRE(::symlink("/etc/shadow", link.c_str()) == 0);
  const auto packed = archive::pack(sample.dir() / "archive", sample.manifest, sample.sources(),
                                    sample.key(), sample.signed_by(), {});
  REQUIRE_FALSE(packed);
  CHECK(packed.error().kind() == ErrorKind::refused);
  CHECK(packed.error().message().find("frr.conf is neither") != std::string::npos);
  CHECK_FALSE(fs::exists(sample.dir() / "archive"));
  fs::remove(link);
  REQUIRE(::mkfifo(link.c_str(), 0600) == 0);
  CHECK_FALSE(archive::pack(sample.dir() / "archive", sample.manifest, sample.sources(),
                            sample.key(), sample.signed_by(), {}));
}

TEST_CASE("an archive that could not be finished leaves nothing; an old one stays") {
  const tests::ArchiveSample sample;
  const auto file = sample.pack("archive");
  const auto before = read_file(file).value();
  const auto count = files_in(sample.dir().path());
  const archive::SignedBy nobody{sample.dir() / "none.pem", sample.dir() / "none.key"};
  CHECK_FALSE(
      archive::pack(file, sample.manifest, sample.sources(), sample.key(), nobody, {true, 12}));
  CHECK_FALSE(archive::pack(sample.dir() / "new", sample.manifest, sample.sources(), sample.key(),
                            nobody, {}));
  const auto taken =
      archive::pack(file, sample.manifest, sample.sources(), sample.key(), sample.signed_by(), {});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind() == ErrorKind::refused);
  CHECK(taken.error().message().find("is there already") != std::string::npos);
  CHECK(read_file(file).value() == before);
  CHECK(files_in(sample.dir().path()) == count);
  REQUIRE(archive::pack(file, sample.manifest, sample.sources(), sample.key(), sample.signed_by(),
                        {true, 12}));
  CHECK(read_file(file).value() != before);
  CHECK(files_in(sample.dir().path()) == count);
}

TEST_CASE("names that lead elsewhere are refused, and nothing is written") {
  const tests::ArchiveSample sample;
  const auto outside = sample.dir() / "outside";
  for (const std::string name :
       {"../outside", "/tmp/outside", "a/../../outside", "", ".", "a//b", "a/", "..",
        "missing/file", "b\\u0000c", "line\\nbreak", "a/a/a/a/a/a/a/a/a", "caf\\u00e9"}) {
    const auto file = forge(sample,
                            R"({"manifest":{},"entries":[{"name":"a","folder":true},{"name":")" +
                                name + R"(","bytes":3}]})",
                            "abc");
    const auto refused = unpack_all(sample, file, sample.dir() / "out");
    CAPTURE(name);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == ErrorKind::refused);
    CHECK_FALSE(fs::exists(sample.dir() / "out"));
    CHECK_FALSE(fs::exists(outside));
  }
}

TEST_CASE("an index that does not fit what follows is refused") {
  const tests::ArchiveSample sample;
  const std::string front = R"({"manifest":{},"entries":[{"name":"f","bytes":)";
  for (const std::string& index :
       {front + "4}]}", front + "2}]}", front + "18446744073709551615}]}", front + "-1}]}",
        front + "3},{\"name\":\"f\",\"bytes\":0}]}", front + "3},{\"name\":\"f/g\",\"bytes\":0}]}",
        std::string("{}"), std::string("[]"), std::string("no json"), std::string(),
        std::string(R"({"manifest":{"routes":"many"},"entries":[{"name":"f","bytes":3}]})")}) {
    const auto refused = unpack_all(sample, forge(sample, index, "abc"), sample.dir() / "out");
    CAPTURE(index);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == ErrorKind::refused);
    CHECK_FALSE(fs::exists(sample.dir() / "out"));
    CHECK_FALSE(fs::exists(sample.dir() / "out.part"));
  }
  tests::require(unpack_all(sample, forge(sample, front + "3}]}", "abc"), sample.dir() / "out"));
}

TEST_CASE("a folder that is there is not written into; what a killed run left is cleared") {
  const tests::ArchiveSample sample;
  const auto file = sample.pack("archive");
  tests::require(make_dirs(sample.dir() / "out"));
  const auto refused = unpack_all(sample, file, sample.dir() / "out");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(files_in(sample.dir() / "out") == 0);
  tests::require(make_dirs(sample.dir() / "fresh.part/old"));
  tests::require(unpack_all(sample, file, sample.dir() / "fresh"));
  CHECK_FALSE(fs::exists(sample.dir() / "fresh/old"));
}

}  // namespace
}  // namespace issu
