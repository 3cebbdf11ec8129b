#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "checkpoint/net_state/net_object.hpp"
#include "checkpoint/net_state/rtnetlink.hpp"
#include "issu/base/result.hpp"

/// Links: the one part of the network stack of which some is hardware.
namespace issu::checkpoint::net_state {

/// Why it can't be made; empty: it can, or a network card has to be there.
[[nodiscard]] std::string cannot_make(const NetObject& link, std::span<const NetObject> links);

/// Moves the network cards of the caller's namespace into `netns` that `links` has by their
/// hardware address (or `cards`, by the link's name), each with the name and index that it has
/// there. One that is there is left.
Result<void> bring_cards(std::span<const NetObject> links, const std::filesystem::path& netns,
                         const std::map<std::string, std::string>& cards);

/// Makes those that a kernel can make, in the socket's namespace; sets hardware address and MTU of
/// all. They are down.
Result<void> make_links(Rtnetlink& socket, std::span<const NetObject> links);

/// Those that were up.
Result<void> links_up(Rtnetlink& socket, std::span<const NetObject> links);

}  // namespace issu::checkpoint::net_state
