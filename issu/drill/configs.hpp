#pragma once

#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/drill/layout.hpp"

namespace issu::drill {

/// bird.conf of a peer: static routes, one session a family ("router4", "router6").
[[nodiscard]] std::string bird_peer_conf(const Layout& layout, const PeerPlace& peer);
/// bird.conf of the router: kernel protocols that persist, graceful restart.
[[nodiscard]] std::string bird_router_conf(const Layout& layout);

/// bgpd's configuration of a peer.
[[nodiscard]] std::string frr_peer_conf(const Layout& layout, const PeerPlace& peer);
/// bgpd.conf of the router: graceful restart as docs/platform-notes.md says it has to be.
[[nodiscard]] std::string frr_router_conf(const Layout& layout);

/// ospfd.conf of the router and of a peer; `layout.ospf` has a value.
[[nodiscard]] std::string frr_router_ospf_conf(const Layout& layout);
[[nodiscard]] std::string frr_peer_ospf_conf(const Layout& layout, const PeerPlace& peer);
/// The protocols "ospf4" and, for OSPFv3, "ospf6" of a bird.conf.
[[nodiscard]] std::string bird_ospf_conf(const OspfSpec& ospf,
                                         const std::vector<std::string>& interfaces);
/// Of OSPF's version 2 or 3.
[[nodiscard]] std::string bird_ospf_name(unsigned version);
/// bfdd.conf with the profile "lab", and BIRD's protocol.
[[nodiscard]] std::string frr_bfd_conf(const BfdSpec& bfd, const std::string& hostname);
[[nodiscard]] std::string bird_bfd_conf(const BfdSpec& bfd);

/// What a guest without an agent prints on its console once it is up (scenarios/images/foreign).
constexpr const char* foreign_ready = "foreign guest: login:";
/// bgpd.conf of such a guest: the router's, and the session with the collector on the host.
[[nodiscard]] std::string foreign_bgpd_conf(const Layout& layout);
/// Its addresses, a line "ethN ADDRESS" each: the ports in their order, then its management link.
[[nodiscard]] std::string foreign_addresses(const Layout& layout);
/// Makes the disk that it reads its configuration from.
Result<void> write_startup_disk(const Layout& layout);

/// router.toml of the lab. `compatible` and `keyring`: of the images.
[[nodiscard]] std::string router_toml(const LabSpec& lab, const Layout& layout,
                                      const std::string& compatible,
                                      const std::filesystem::path& keyring);

}  // namespace issu::drill
