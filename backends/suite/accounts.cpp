#include "backends/suite/accounts.hpp"

#include <algorithm>
#include <charconv>

#include "issu/base/file.hpp"

namespace issu::backends {
namespace {

constexpr std::size_t file_limit = 1U << 20U;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

unsigned id_of(std::string_view line) {
  const auto first = line.find(':');
  const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
  unsigned id = 0;
  if (second != std::string_view::npos) {
    std::from_chars(line.data() + second + 1, line.data() + line.size(), id);
  }
  return id;
}

bool has_member(std::string_view line, std::string_view member) {
  std::string_view members = line.substr(line.rfind(':') + 1);
  while (!members.empty()) {
    const auto comma = members.find(',');
    if (members.substr(0, comma) == member) {
      return true;
    }
    members.remove_prefix(comma == std::string_view::npos ? members.size() : comma + 1);
  }
  return false;
}

Result<std::string> read_or_empty(const std::filesystem::path& path) {
  return std::filesystem::exists(path) ? read_file(path, file_limit) : Result<std::string>("");
}

}  // namespace

std::string with_groups(std::string_view text, const std::vector<std::string_view>& groups) {
  std::vector<std::string> lines = lines_of(text);
  unsigned free_id = 500;
  for (const std::string& line : lines) {
    // 65534 and above belong to nobody.
    const unsigned id = id_of(line);
    free_id = id < 60000 ? std::max(free_id, id + 1) : free_id;
  }
  for (const std::string_view group : groups) {
    const std::string start = std::string(group) + ":";
    const auto line = std::find_if(lines.begin(), lines.end(), [&](const std::string& candidate) {
      return candidate.starts_with(start);
    });
    if (line == lines.end()) {
      lines.push_back(start + "x:" + std::to_string(free_id++) + ":root");
    } else if (!has_member(*line, "root")) {
      *line += line->ends_with(':') ? "root" : ",root";
    }
  }
  std::string result;
  for (const std::string& line : lines) {
    result += line + "\n";
  }
  return result;
}

Result<void> prepare_accounts(const std::filesystem::path& rootfs,
                              const std::vector<std::string_view>& groups) {
  ISSU_TRY(make_dirs(rootfs / "etc", 0755), "preparing the accounts");
  auto passwd = read_or_empty(rootfs / "etc/passwd");
  auto group = read_or_empty(rootfs / "etc/group");
  if (!passwd || !group) {
    return fail(passwd ? std::move(group).error() : std::move(passwd).error());
  }
  if (!passwd->starts_with("root:") && passwd->find("\nroot:") == std::string::npos) {
    ISSU_TRY(
        write_file_atomic(rootfs / "etc/passwd", "root:x:0:0:root:/:/bin/sh\n" + *passwd, 0644),
        "adding root");
  }
  std::string wanted = *group;
  if (!wanted.starts_with("root:") && wanted.find("\nroot:") == std::string::npos) {
    wanted = "root:x:0:\n" + wanted;
  }
  wanted = with_groups(wanted, groups);
  if (wanted != *group) {
    ISSU_TRY(write_file_atomic(rootfs / "etc/group", wanted, 0644), "adding groups");
  }
  return {};
}

}  // namespace issu::backends
