#include "issu/cli/checkpoint_chassis.hpp"

#include <net/if.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "issu/base/child.hpp"
#include "issu/base/netns.hpp"
#include "issu/image/reasons.hpp"

namespace issu::cli {
namespace {

using Names = std::unique_ptr<struct if_nameindex, decltype(&::if_freenameindex)>;

Result<void> read_links(archive::Chassis& chassis) {
  const Names names(::if_nameindex(), &::if_freenameindex);
  if (!names) {
    return fail_errno("listing the interfaces of the chassis");
  }
  for (const struct if_nameindex* each = names.get(); each->if_index != 0; ++each) {
    chassis.links.push_back({each->if_name, each->if_index});
  }
  return {};
}

}  // namespace

Result<archive::Chassis> look_at_chassis(const std::string& netns) {
  archive::Chassis chassis;
  ISSU_TRY(NetNs::inside(NetNs::path_of(netns), [&] { return read_links(chassis); }),
           "looking at the chassis " + netns);
  const auto said = run_checked({"ip", "-n", netns, "-json", "nexthop", "show"});
  if (!said) {
    return pass(said.error(), "looking at the next hops of the chassis " + netns);
  }
  const auto json = nlohmann::json::parse(*said, nullptr, false);
  for (const auto& each : json.is_array() ? json : nlohmann::json::array()) {
    if (each.is_object() && each.contains("id")) {
      chassis.nexthops.push_back(each["id"].get<std::uint32_t>());
    }
  }
  std::sort(chassis.nexthops.begin(), chassis.nexthops.end());
  return chassis;
}

Result<void> chassis_fits(const archive::Chassis& made, const archive::Chassis& here) {
  image::Reasons reasons;
  for (const archive::Link& link : made.links) {
    const auto found = std::find_if(here.links.begin(), here.links.end(),
                                    [&](const auto& each) { return each.name == link.name; });
    if (found == here.links.end()) {
      reasons.add("the saved daemons know an interface " + link.name + ", the chassis has none",
                  "restore on a router of the same description");
    } else if (found->index != link.index) {
      reasons.add("the saved daemons know " + link.name + " as interface number " +
                      std::to_string(link.index) + ", in the chassis it is " +
                      std::to_string(found->index),
                  "the chassis was made anew in another order since: start the daemons anew with "
                  "`issu router up`");
    }
  }
  auto known = here.nexthops;
  std::sort(known.begin(), known.end());
  const auto gone = std::count_if(made.nexthops.begin(), made.nexthops.end(), [&](auto id) {
    return !std::binary_search(known.begin(), known.end(), id);
  });
  if (gone > 0) {
    reasons.add("of the next-hop objects that the saved daemons believe in, " +
                    std::to_string(gone) + " of " + std::to_string(made.nexthops.size()) +
                    " are gone from the kernel: their routes could not be installed",
                "the chassis or its daemons were started anew since: `issu router up` starts "
                "daemons that learn everything again");
  }
  return std::move(reasons).result();
}

}  // namespace issu::cli
