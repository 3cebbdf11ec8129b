#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "issu/base/processors.hpp"
#include "issu/drill/interrupt.hpp"
#include "issu/drill/lab_record.hpp"
#include "issu/drill/layout.hpp"

namespace issu::drill {

/// Where a drill finds its tools and leaves its things.
struct Surroundings {
  std::filesystem::path issu;                   ///< the program
  std::filesystem::path images;                 ///< NAME.raucb, keyring.pem
  std::filesystem::path base;                   ///< work folders are made in it
  std::function<void(const std::string&)> say;  ///< a line of progress
  std::filesystem::path scenario{};             ///< the lab's file, for messages
  /// Where the logs of a lab go that could not be built; empty: beside its folder.
  std::filesystem::path evidence{};
};

/// A router with neighbours, built from a scenario and taken away at the end of its life.
///
/// The neighbours are network namespaces with the host's own BIRD or FRR in them; the router is
/// brought up by `issu router up`. Everything carries this process' id in its name.
class Lab {
 public:
  /// Builds it and waits until every session is up and every route is in the NPU and at every
  /// peer. What was built before a failure is taken away again.
  static Result<Lab> build(const LabSpec& spec, const Surroundings& around, Interrupt& interrupt);

  Lab(Lab&& other) noexcept;
  Lab& operator=(Lab&&) = delete;
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab();

  [[nodiscard]] const Layout& layout() const { return layout_; }
  /// Takes everything away; what could not be is told.
  Result<void> take_away();
  /// Leaves everything standing for somebody to look at; `issu drill clean` takes it away.
  Result<void> keep();
  /// Copies logs of the router and its peers into a folder.
  void save_evidence(const std::filesystem::path& folder) const;

 private:
  Lab() = default;
  Layout layout_;
  LabRecord record_;
  std::optional<BoundThread> bound_;  ///< to the processors that the router's machine leaves
  bool standing_ = false;
};

/// The bundle of an image's name: a path as it is, a bare name below the images folder.
[[nodiscard]] std::filesystem::path bundle_of(const std::string& image,
                                              const std::filesystem::path& images);

/// Builds only the neighbours' side (namespaces, files) or starts their daemons; parts of `build`
/// that need no router program.
Result<void> make_peers(const LabSpec& spec, const Layout& layout, LabRecord& record,
                        const std::string& compatible, const std::filesystem::path& keyring);
/// Its link up, addresses and routes; can be repeated.
Result<void> dress_peer(const PeerPlace& peer);
Result<void> start_peers(const Layout& layout, LabRecord& record);
/// What the peers whose session with the router never came up lack, each by its place in the
/// scenario's file ("lab.toml:14: the peer \"east\" …"); empty: every peer has one.
[[nodiscard]] std::string peers_without_session(const Layout& layout,
                                                const std::filesystem::path& scenario);
/// Whether every peer's own table holds all the routes of the lab, and each is adjacent to the
/// router by what else the lab has (OSPF, BFD).
[[nodiscard]] bool peers_have(const Layout& layout, const RouteCount& count);

}  // namespace issu::drill
