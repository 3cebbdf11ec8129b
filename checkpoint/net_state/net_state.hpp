#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/net_state/net_object.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// The network stack of one network namespace: links with their names, hardware addresses and
/// indexes, addresses, rules, nexthop objects with their ids, routes, neighbours. For a kernel that
/// starts with none of it, under daemons that believe it is all there.
///
/// Not in it: what follows from the rest (the kernel's own routes), what is learned again (router
/// advertisements), sysctls, packet filters, queueing disciplines.
class NetState {
 public:
  /// Hardware addresses, "02:00:00:00:00:01", by the name of a link.
  using CardsByLink = std::map<std::string, std::string>;

  /// What is there now, in the namespace at `netns`. Nothing may change it meanwhile.
  static Result<NetState> read(const std::filesystem::path& netns);

  /// Every link that `make` can't make, with the reason; a preflight check.
  [[nodiscard]] std::vector<std::string> obstacles() const;

  /// Makes it in the namespace at `netns`. Network cards are taken from the caller's namespace,
  /// known by their hardware address: the one that the link had, or where `cards` has another for
  /// its name, that. What is there already is left: it can be repeated. The first
  /// thing that the kernel refuses is the error; what else it refuses is told with it.
  Result<void> make(const std::filesystem::path& netns, const CardsByLink& cards = {}) const;

  /// Moves the network cards of the caller's namespace into the one at `netns`, each as a link of
  /// this name with these indexes, in the order of `names`, from `first_index` on. Those that are
  /// there stay.
  static Result<void> place_cards(const std::filesystem::path& netns,
                                  const std::vector<std::string>& names, const CardsByLink& cards,
                                  int first_index);

  /// What this has and `other` has not, or has in another way; each by name, at most `most`.
  /// Neighbours are not compared: they come and go.
  [[nodiscard]] std::vector<std::string> lacking_in(const NetState& other,
                                                    std::size_t most = 20) const;

  /// The document (docs/formats.md: kind "network"), mode 0600.
  Result<void> save(const std::filesystem::path& file) const;
  /// Refuses what is damaged or of another schema, with the reason.
  static Result<NetState> load(const std::filesystem::path& file);

  /// In the order in which they are made.
  [[nodiscard]] std::span<const net_state::NetObject> objects() const { return objects_; }
  /// "3 links, 4 addresses, …"
  [[nodiscard]] std::string summary() const;

 private:
  std::vector<net_state::NetObject> objects_;
};

}  // namespace issu::checkpoint
