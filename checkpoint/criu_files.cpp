#include "checkpoint/criu_files.hpp"

#include <sys/stat.h>

#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "issu/base/file.hpp"

namespace issu::checkpoint {
namespace {

/// What CRIU calls the namespace in its images: the same at dump and at restore.
constexpr const char* netns_key = "issu-chassis";

/// Takes one protobuf varint off the front.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) {
      return value;
    }
  }
  return std::nullopt;
}

/// The numbers of a message by their field, those up to 15; none when it is not well formed.
std::optional<std::array<std::uint64_t, 16>> numbers_of(std::string_view message) {
  std::array<std::uint64_t, 16> values{};
  while (!message.empty()) {
    const auto tag = take_varint(message);
    const auto value = tag && (*tag & 7U) == 0 ? take_varint(message) : std::nullopt;
    if (!value) {
      return std::nullopt;
    }
    if (*tag >> 3U < values.size()) {
      values[*tag >> 3U] = *value;
    }
  }
  return values;
}

std::string common_options(const Surroundings& around) {
  return "network-lock skip\n" +
         (around.cgroup.empty() ? "" : "cgroup-root " + around.cgroup + "\n");
}

}  // namespace

Result<DumpStats> read_dump_stats(const std::filesystem::path& images) {
  const auto file = images / "stats-dump";
  auto text = read_file(file, 4096);
  if (!text) {
    return pass(std::move(text).error(), "looking whether the dump is whole");
  }
  std::string_view bytes = *text;
  constexpr std::size_t head = 12;  // two magic numbers and the size of the message
  std::uint32_t size = 0;
  if (bytes.size() > head) {
    std::memcpy(&size, bytes.data() + 8, sizeof size);
  }
  if (bytes.size() <= head || size > bytes.size() - head) {
    return fail(file.string() + " is cut short");
  }
  bytes = bytes.substr(head, size);
  const auto tag = take_varint(bytes);
  const auto length = tag == std::uint64_t{1U << 3U | 2U} ? take_varint(bytes) : std::nullopt;
  const auto values =
      length && *length <= bytes.size() ? numbers_of(bytes.substr(0, *length)) : std::nullopt;
  if (!values) {
    return fail(file.string() + " is not what this release reads", "is CRIU newer than this?");
  }
  DumpStats stats;
  stats.freezing_ms = static_cast<double>((*values)[1]) / 1e3;
  stats.frozen_ms = static_cast<double>((*values)[2]) / 1e3;
  stats.memory_write_ms = static_cast<double>((*values)[4]) / 1e3;
  stats.pages = (*values)[7];
  return stats;
}

Result<std::string> dump_options(const Surroundings& around) {
  struct stat status {};
  if (::stat(around.netns.c_str(), &status) != 0) {
    return fail_errno("looking at the network namespace " + around.netns.string());
  }
  return "external net[" + std::to_string(status.st_ino) + "]:" + netns_key + "\n" +
         common_options(around);
}

std::string restore_options(const Surroundings& around, int descriptor, bool close_connections) {
  return "inherit-fd fd[" + std::to_string(descriptor) + "]:" + netns_key + "\n" +
         common_options(around) + (close_connections ? "tcp-close\n" : "");
}

}  // namespace issu::checkpoint
