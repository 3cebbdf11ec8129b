#include "state-sync/tables/segment.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>

#include "issu/base/fd.hpp"
#include "tests/state-sync/tables/tables_lab.hpp"

using namespace issu::tables;
using namespace issu::tables::tests;

namespace {

void overwrite(const std::filesystem::path& path, std::size_t offset, std::uint32_t value) {
  const issu::Fd fd(::open(path.c_str(), O_WRONLY));
  REQUIRE(::pwrite(fd.get(), &value, sizeof value, static_cast<off_t>(offset)) == sizeof value);
}

std::string why_not(const std::filesystem::path& path) {
  const auto opened = Segment::open_file(path);
  return opened ? "" : opened.error().message();
}

bool says(const std::string& message, const std::string& words) {
  CAPTURE(message);
  return message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("Tables are found again by their file") {
  const Folder folder;
  {
    const auto made = Segment::create_file(folder.file(), small_capacities());
    REQUIRE(made);
    made->view().tbl24[0x0a0000] = NPU_LEAF(24U, 7U);
  }
  const auto found = Segment::open_file(folder.file());
  REQUIRE(found);
  CHECK(npu_lookup4(&found->view(), 0x0a000001) == 7);
  CHECK(npu_lookup4(&found->view(), 0x0a000101) == 0);
  CHECK(found->view().capacities.routes == small_capacities().routes);
  CHECK((std::filesystem::status(folder.file()).permissions() &
         (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
        std::filesystem::perms::none);
}

TEST_CASE("A file that is no tables of ours is refused, and the Error says why") {
  const Folder folder;
  REQUIRE(Segment::create_file(folder.file(), small_capacities()));
  const auto size = std::filesystem::file_size(folder.file());
  SUBCASE("good") {
    CHECK(why_not(folder.file()).empty());
  }
  SUBCASE("not there") {
    std::filesystem::remove(folder.file());
    CHECK(says(why_not(folder.file()), "No such file"));
  }
  SUBCASE("empty") {
    std::filesystem::resize_file(folder.file(), 0);
    CHECK(says(why_not(folder.file()), "truncated"));
  }
  SUBCASE("truncated") {
    std::filesystem::resize_file(folder.file(), size - 1);
    CHECK(says(why_not(folder.file()), "truncated"));
  }
  SUBCASE("magic") {
    overwrite(folder.file(), offsetof(npu_header, magic), 1);
    CHECK(says(why_not(folder.file()), "no NPU tables"));
  }
  SUBCASE("other version") {
    overwrite(folder.file(), offsetof(npu_header, version), NPU_LAYOUT_VERSION + 1);
    CHECK(says(why_not(folder.file()), "layout version " + std::to_string(NPU_LAYOUT_VERSION + 1)));
  }
  SUBCASE("bad checksum") {
    overwrite(folder.file(), offsetof(npu_header, capacities), 2048);
    CHECK(says(why_not(folder.file()), "bad checksum"));
  }
  SUBCASE("capacities that can't be, with a checksum that is right") {
    npu_header header = fresh_header(small_capacities().rounded());
    header.capacities.routes = 100;
    header.checksum = npu_checksum(&header, offsetof(npu_header, checksum));
    const issu::Fd fd(::open(folder.file().c_str(), O_WRONLY));
    REQUIRE(::pwrite(fd.get(), &header, sizeof header, 0) == sizeof header);
    CHECK(says(why_not(folder.file()), "capacities"));
  }
}

TEST_CASE("Tables in an array a region: what BPF maps are") {
  const Folder folder;
  const auto bytes = region_bytes(small_capacities().rounded());
  RegionFds fds;
  std::array<issu::Fd, NPU_REGIONS> owners;
  for (std::size_t i = 0; i < NPU_REGIONS; ++i) {
    owners[i] = issu::Fd(::memfd_create("region", MFD_CLOEXEC));
    REQUIRE(::ftruncate(owners[i].get(), static_cast<off_t>(bytes[i])) == 0);
    fds[i] = {owners[i].get(), bytes[i]};
  }
  CHECK_FALSE(Segment::open_fds(fds, folder.file()));
  {
    const auto made = Segment::create_fds(fds, small_capacities(), folder.file());
    REQUIRE(made);
    made->view().root6[0x20010d] = NPU_LEAF(24U, 9U);
  }
  const auto found = Segment::open_fds(fds, folder.file());
  REQUIRE(found);
  const std::array<std::uint8_t, 16> address = {0x20, 0x01, 0x0d, 0xb8};
  CHECK(npu_lookup6(&found->view(), address.data()) == 9);
  fds[NPU_ROUTES].bytes -= 8;
  CHECK_FALSE(Segment::open_fds(fds, folder.file()));
}
