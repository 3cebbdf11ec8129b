#include "checkpoint/flow_lock.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "checkpoint/flow_rules.hpp"
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

std::filesystem::path netns_path(const std::string& netns) {
  return netns.starts_with('/') ? std::filesystem::path(netns) : NetNs::path_of(netns);
}

Result<void> send_in(const std::filesystem::path& netns, const FilterBatch& batch) {
  return NetNs::inside(netns, [&] { return send_batch(batch); });
}

bool is_gone(const std::string& netns) {
  return netns.starts_with('/') ? !std::filesystem::exists(netns) : !NetNs::exists(netns);
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
  ISSU_TRY(send_in(netns_path(netns_), locking_batch(table_, flows, at_most)),
           "locking " + std::to_string(flows.size()) + " TCP flows in " + netns_);
  return {};
}

Result<void> FlowLock::lift() {
  if (is_gone(netns_)) {
    return {};
  }
  ISSU_TRY(send_in(netns_path(netns_), lifting_batch(table_)),
           "letting TCP flows through again in " + netns_);
  return {};
}

Result<bool> FlowLock::is_locked() {
  if (is_gone(netns_)) {
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
