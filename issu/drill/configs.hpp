#pragma once

#include <string>

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

/// router.toml of the lab. `compatible` and `keyring`: of the images.
[[nodiscard]] std::string router_toml(const LabSpec& lab, const Layout& layout,
                                      const std::string& compatible,
                                      const std::filesystem::path& keyring);

}  // namespace issu::drill
