#include "issu/cli/checkpoint_chassis.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "checkpoint/state_document.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"
#include "state-sync/kernel_state.hpp"

namespace issu::cli {
namespace {

constexpr const char* tables_kind = "kernel-tables";
constexpr std::uint32_t tables_schema = 1;
/// 10 million routes.
constexpr std::uintmax_t tables_limit = std::uintmax_t{2} << 30U;

Result<nlohmann::json> ask_ip(Argv words, const std::string& netns) {
  words.insert(words.begin(), {"ip", "-n", netns, "-json"});
  const auto said = run_checked(words);
  if (!said) {
    return pass(said.error(), "looking at the chassis " + netns);
  }
  auto json = nlohmann::json::parse(*said, nullptr, false);
  return json.is_array() ? json : nlohmann::json::array();
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<void> load_kernel_tables(const std::string& netns, const std::filesystem::path& file) {
  const auto bytes = read_file(file, tables_limit);
  if (!bytes) {
    return fail(bytes.error());
  }
  const auto document =
      checkpoint::decode_state(bytes_of(*bytes), {tables_kind, tables_schema, tables_schema});
  if (!document) {
    return fail(document.error());
  }
  auto written = state_sync::write_kernel_state(
      NetNs::path_of(netns),
      {text_of(document->section("nexthops")), text_of(document->section("routes"))});
  return written ? Result<void>{} : fail(std::move(written).error());
}

Result<void> set_link(const std::string& netns, const std::string& name, const Argv& words) {
  Argv whole{"ip", "-n", netns, "link", "set", "dev", name};
  whole.insert(whole.end(), words.begin(), words.end());
  auto said = run_checked(whole);
  return said ? Result<void>() : fail(std::move(said).error());
}

/// Whether an interface of the route processor stands for a port of an NPU of our own, and has its
/// address: a frame to another one the port leaves alone.
bool is_port(const Router& router, const std::string& name) {
  const auto& spec = router.config.router;
  return spec.npu.driver == "soft" &&
         std::any_of(spec.ports.begin(), spec.ports.end(),
                     [&](const auto& port) { return port.name == name; });
}

/// Gives the interfaces of a new chassis the addresses that the saved daemons know: those of IPv6
/// links follow from them.
Result<void> readdress(const Router& router, const archive::Chassis& made) {
  const std::string& netns = router.config.router.netns;
  auto here = look_at_chassis(netns);
  if (!here) {
    return fail(std::move(here).error());
  }
  bool changed = false;
  for (const archive::Link& link : here->links) {
    const auto was = std::find_if(made.links.begin(), made.links.end(),
                                  [&](const auto& each) { return each.name == link.name; });
    if (was == made.links.end() || was->address == link.address) {
      continue;
    }
    ISSU_TRY(set_link(netns, link.name, {"down"}), "giving " + link.name + " its address");
    ISSU_TRY(set_link(netns, link.name, {"address", was->address}),
             "giving " + link.name + " its address");
    if (is_port(router, link.name)) {
      ISSU_TRY(set_link(router.config.router.npu_netns(), link.name, {"address", was->address}),
               "giving the NPU's port " + link.name + " its address");
    }
    changed = true;
  }
  // Going down took addresses with it.
  return changed ? router.npu->up() : Result<void>{};
}

}  // namespace

Result<archive::Chassis> look_at_chassis(const std::string& netns) {
  const auto links = ask_ip({"link", "show"}, netns);
  const auto nexthops = ask_ip({"nexthop", "show"}, netns);
  if (!links || !nexthops) {
    return fail(links ? nexthops.error() : links.error());
  }
  archive::Chassis chassis;
  for (const auto& each : *links) {
    if (each.is_object() && each.contains("ifname") && each.contains("ifindex")) {
      chassis.links.push_back({each["ifname"].get<std::string>(),
                               each["ifindex"].get<std::uint32_t>(), each.value("address", "")});
    }
  }
  for (const auto& each : *nexthops) {
    if (each.is_object() && each.contains("id")) {
      chassis.nexthops.push_back(each["id"].get<std::uint32_t>());
    }
  }
  std::sort(chassis.nexthops.begin(), chassis.nexthops.end());
  return chassis;
}

Result<void> chassis_fits(const archive::Chassis& made, const archive::Chassis& here) {
  Reasons reasons;
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
    } else if (found->address != link.address) {
      reasons.add("the saved daemons know " + link.name + " by the address " + link.address +
                      ", it has " + found->address + " now",
                  "the chassis was made anew since: take the router down, then restore");
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
                "daemons were started anew since: take the router down, then restore");
  }
  return std::move(reasons).result();
}

Result<void> save_kernel_tables(const std::string& netns, const std::filesystem::path& file) {
  const auto state = state_sync::read_kernel_state(NetNs::path_of(netns));
  if (!state) {
    return fail(state.error());
  }
  const std::vector<checkpoint::StateSection> sections{{"nexthops", bytes_of(state->nexthops)},
                                                       {"routes", bytes_of(state->routes)}};
  const auto document = checkpoint::encode_state(tables_kind, tables_schema, sections);
  if (!document) {
    return fail(document.error());
  }
  const auto bytes = document->span();
  return write_file_atomic(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 0600);
}

Result<void> make_chassis(const Router& router, const archive::Chassis& made,
                          const std::filesystem::path& kernel_tables) {
  const std::string& netns = router.config.router.netns;
  const auto make = [&]() -> Result<void> {
    ISSU_TRY(router.npu->up(), "bringing the chassis up");
    ISSU_TRY(readdress(router, made), "bringing the chassis up");
    ISSU_TRY(load_kernel_tables(netns, kernel_tables), "filling the chassis' kernel");
    const auto here = look_at_chassis(netns);
    return here ? chassis_fits(made, *here) : fail(here.error());
  };
  if (auto good = make(); !good) {
    Error error = std::move(good).error();
    if (auto down = router.npu->down(); !down) {
      error.also(std::move(down).error());
    }
    return fail(std::move(error).as(ErrorKind::refused));
  }
  return {};
}

}  // namespace issu::cli
