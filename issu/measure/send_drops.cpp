#include "issu/measure/send_drops.hpp"

#include <set>
#include <sstream>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::measure {
namespace {

/// Of the line pair "Udp: NAMES…", "Udp: VALUES…" the value under a name.
std::optional<std::uint64_t> value_under(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  std::string names;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("Udp: ")) {
      continue;
    }
    if (names.empty()) {
      names = line;
      continue;
    }
    std::istringstream heads(names);
    std::istringstream values(line);
    std::string value;
    for (std::string head; heads >> head && values >> value;) {
      if (head == name) {
        return std::stoull(value);
      }
    }
  }
  return std::nullopt;
}

/// Of "NAME   VALUE" lines the value.
std::optional<std::uint64_t> value_of(const std::string& text, const std::string& name) {
  std::istringstream words(text);
  std::uint64_t value = 0;
  for (std::string head; words >> head >> value;) {
    if (head == name) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_send_drops(const std::string& snmp, const std::string& snmp6) {
  const auto v4 = value_under(snmp, "SndbufErrors");
  const auto v6 = value_of(snmp6, "Udp6SndbufErrors");
  if (!v4 || (!v6 && !snmp6.empty())) {
    return std::nullopt;
  }
  return *v4 + v6.value_or(0);
}

std::optional<std::uint64_t> send_drops(const std::vector<StreamPlan>& streams) {
  std::set<std::string> namespaces;
  for (const StreamPlan& stream : streams) {
    namespaces.insert(stream.from_netns);
  }
  std::uint64_t sum = 0;
  bool known = true;
  for (const std::string& name : namespaces) {
    const auto read = NetNs::inside(NetNs::path_of(name), [&]() -> Result<void> {
      const auto v4 = read_file("/proc/thread-self/net/snmp");
      const auto v6 = read_file("/proc/thread-self/net/snmp6");  // none without IPv6
      const auto drops = parse_send_drops(v4.value_or(""), v6.value_or(""));
      known = known && drops.has_value();
      sum += drops.value_or(0);
      return {};
    });
    known = known && read.has_value();
  }
  return known ? std::optional(sum) : std::nullopt;
}

}  // namespace issu::measure
