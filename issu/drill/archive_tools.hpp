#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "issu/drill/runner.hpp"
#include "issu/measure/probe.hpp"

/// What the steps of a drill that have to do with archives are made of.
namespace issu::drill {

/// The name that the drill's archive has in the router's folder.
inline constexpr const char* archive_name = "drill";
/// Streams go on for so long after what is measured: a loss shows when the next frame comes.
inline constexpr auto stream_tail = std::chrono::seconds(3);

/// The lab's streams and peers, watched while something is done.
class Watch {
 public:
  static Result<Watch> begin(const Stage& stage, const std::string& name);
  Watch(Watch&& other) noexcept;
  Watch& operator=(Watch&&) = delete;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  Result<measure::Measurement> end();
  /// All sessions established at the peers, each with as many routes as `routes` says.
  [[nodiscard]] bool all_back(const std::vector<std::uint64_t>& routes) const;
  /// Routes that each peer has of us now.
  [[nodiscard]] std::vector<std::uint64_t> routes() const;

 private:
  Watch() = default;
  std::filesystem::path folder_;
  ProcessId process_;
};

/// Routes that the peers withdrew, over all sessions.
[[nodiscard]] std::uint64_t withdrawn(const measure::Measurement& seen);

/// A new key for the drill's archive, in the place of an earlier one.
Result<void> make_archive_key(const Stage& stage, bool passphrase);
/// `issu checkpoint WORDS`, with whichever key the archive was closed.
[[nodiscard]] Argv with_archive_key(const Stage& stage, Argv words);

/// Routes in the NPU, as `issu router show` says it; 0 when it does not say.
[[nodiscard]] std::uint64_t npu_routes(const Stage& stage);
/// Prefixes of each established session, as the router itself sees them.
[[nodiscard]] std::vector<std::uint64_t> own_sessions(const Stage& stage);

}  // namespace issu::drill
