#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint {

/// A moment in the middle of a dump: CRIU has started and looked at its kernel, and will stop the
/// processes next. There it waits for us, so that its start is not part of the dark time.
///
/// It does so by an action script, the program `issu-criu`, which asks over a socket. The same
/// program goes before CRIU itself under the name `criu` and leaves out the one option of liblxc's
/// that costs 100 ms whenever it loses a race (docs/checkpoint-speed.md).
class CriuHook {
 public:
  /// Makes `folder` with what CRIU is to be called by, and listens in it. The path of the folder
  /// has at most 90 characters. Gone with this object.
  static Result<CriuHook> open(const std::filesystem::path& folder);

  CriuHook(CriuHook&& other) noexcept = default;
  CriuHook& operator=(CriuHook&&) = delete;
  CriuHook(const CriuHook&) = delete;
  CriuHook& operator=(const CriuHook&) = delete;
  ~CriuHook();

  /// A line for CRIU's options file.
  [[nodiscard]] static std::string option(const std::filesystem::path& folder);
  /// Into the environment of CRIU's caller, with the PATH that it has ("PATH=…", the folder of the
  /// real CRIU first). `version`: CRIU's, so that nobody has to ask it; empty when it is not known.
  [[nodiscard]] std::vector<std::string> environment(const std::string& path_variable,
                                                     const std::string& version) const;

  /// Waits until the process ends. When CRIU asks meanwhile, `before_freeze` is called, and on its
  /// error CRIU gives up before it has touched anything. That error is given back, if there was
  /// one. Whoever asks while nobody waits here any more gives up, too. ErrorKind::timeout when the
  /// process has not ended by the deadline; it still runs then.
  Result<void> serve(pid_t process, const Deadline& deadline,
                     const std::function<Result<void>()>& before_freeze);

 private:
  CriuHook(std::filesystem::path folder, Fd listener)
      : folder_(std::move(folder)), listener_(std::move(listener)) {}
  [[nodiscard]] std::filesystem::path socket() const { return folder_ / "ask"; }

  std::filesystem::path folder_;
  Fd listener_;
};

}  // namespace issu::checkpoint
