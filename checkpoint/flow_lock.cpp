#include "checkpoint/flow_lock.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "issu/base/child.hpp"
#include "issu/base/netns.hpp"

namespace issu::checkpoint {
namespace {

constexpr std::size_t longest_owner = 100;
constexpr std::chrono::seconds longest_time = std::chrono::hours(24);

std::string table_name(const std::string& owner) {
  std::string name = "issu-lock-" + owner.substr(0, longest_owner);
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char letter) {
        return std::isalnum(letter) == 0 && letter != '-' && letter != '_' && letter != '.';
      },
      '_');
  return name;
}

/// Packets of the peer's are dropped before connection tracking sees them, ours before anything
/// else does.
std::string table_text(const std::string& table) {
  return "add table inet " + table + "\ndelete table inet " + table + "\ntable inet " + table +
         R"( {
  set flows4 { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags timeout; }
  set flows6 { type ipv6_addr . inet_service . ipv6_addr . inet_service; flags timeout; }
  chain in {
    type filter hook prerouting priority -400; policy accept;
    ip daddr . tcp dport . ip saddr . tcp sport @flows4 drop
    ip6 daddr . tcp dport . ip6 saddr . tcp sport @flows6 drop
  }
  chain out {
    type filter hook output priority -400; policy accept;
    ip saddr . tcp sport . ip daddr . tcp dport @flows4 drop
    ip6 saddr . tcp sport . ip6 daddr . tcp dport @flows6 drop
  }
}
)";
}

std::string elements_text(const std::string& table, std::span<const TcpFlow> flows,
                          std::uint8_t family, std::chrono::seconds time) {
  const std::set<TcpFlow> each(flows.begin(), flows.end());  // one that is named twice is an error
  std::string text;
  for (const TcpFlow& flow : each) {
    if (flow.family != family) {
      continue;
    }
    text += (text.empty() ? "" : ", ") + address_text(family, flow.local_address) + " . " +
            std::to_string(flow.local_port) + " . " + address_text(family, flow.remote_address) +
            " . " + std::to_string(flow.remote_port) + " timeout " + std::to_string(time.count()) +
            "s";
  }
  return text.empty() ? text
                      : "add element inet " + table + (family == 4 ? " flows4" : " flows6") +
                            " { " + text + " }\n";
}

/// The same script in one transaction: all of it or nothing.
Result<void> run_nft(const std::filesystem::path& netns, const std::string& script) {
  RunOptions options;
  options.netns = netns;
  options.input = script;
  options.timeout = std::chrono::seconds(10);
  auto said = run_checked({"nft", "-f", "-"}, options);
  return said ? Result<void>() : fail(std::move(said).error());
}

std::filesystem::path netns_path(const std::string& netns) {
  return netns.starts_with('/') ? std::filesystem::path(netns) : NetNs::path_of(netns);
}

bool has_elements(const nlohmann::json& listed) {
  const auto objects = listed.find("nftables");
  if (objects == listed.end()) {
    return false;
  }
  return std::any_of(objects->begin(), objects->end(), [](const nlohmann::json& object) {
    const auto set = object.find("set");
    return set != object.end() && set->contains("elem") && !set->at("elem").empty();
  });
}

}  // namespace

FlowLock::FlowLock(std::string netns, std::string owner)
    : netns_(std::move(netns)), table_(table_name(owner)) {}

Result<void> FlowLock::lock(std::span<const TcpFlow> flows, std::chrono::seconds at_most) {
  if (at_most < std::chrono::seconds(1) || at_most > longest_time) {
    return fail("flows can be locked for 1 s to a day, not for " + std::to_string(at_most.count()) +
                " s");
  }
  ISSU_TRY(
      run_nft(netns_path(netns_), table_text(table_) + elements_text(table_, flows, 4, at_most) +
                                      elements_text(table_, flows, 6, at_most)),
      "locking " + std::to_string(flows.size()) + " TCP flows in " + netns_);
  return {};
}

Result<void> FlowLock::lift() {
  if (!std::filesystem::exists(netns_path(netns_))) {
    return {};
  }
  ISSU_TRY(run_nft(netns_path(netns_),
                   "add table inet " + table_ + "\ndelete table inet " + table_ + "\n"),
           "letting TCP flows through again in " + netns_);
  return {};
}

Result<bool> FlowLock::is_locked() {
  if (!std::filesystem::exists(netns_path(netns_))) {
    return false;
  }
  RunOptions options;
  options.netns = netns_path(netns_);
  options.timeout = std::chrono::seconds(10);
  auto said = run({"nft", "-j", "list", "table", "inet", table_}, options);
  if (!said) {
    return pass(std::move(said).error(), "looking for locked TCP flows in " + netns_);
  }
  if (said->status != 0) {
    if (said->err.find("No such file or directory") != std::string::npos) {
      return false;
    }
    return fail("looking for locked TCP flows in " + netns_ + ": " + said->err.substr(0, 300));
  }
  const auto listed = nlohmann::json::parse(said->out, nullptr, false);
  if (listed.is_discarded()) {
    return fail("nft's list of locked TCP flows in " + netns_ + " can't be read");
  }
  return has_elements(listed);
}

}  // namespace issu::checkpoint
