#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::lxc {

using ConfigItems = std::vector<std::pair<std::string, std::string>>;

/// What CRIU is told beside what liblxc tells it.
struct CriuCall {
  std::filesystem::path images;   ///< the folder of the state's images; its logs go there too
  std::filesystem::path options;  ///< a file of CRIU's own options
  std::vector<std::string> environment;  ///< "PATH=…", the first: where liblxc finds CRIU
  std::string version;                   ///< of CRIU; empty when it is not known
  std::filesystem::path hook;            ///< a folder, made for the time of the call (CriuHook)
  std::filesystem::path log;             ///< liblxc's own, named in the configuration
  std::filesystem::path netns;           ///< open as descriptor `inherited_netns` in CRIU

  std::chrono::milliseconds within;  ///< then it is ended

  static constexpr int inherited_netns = 77;
};

/// One container by name, through liblxc. It runs under a monitor process of its own, so it lives
/// on when we end; a later Container of the same name and folder finds it again.
class Container {
 public:
  /// `folder`: the lxcpath; part of the container's identity.
  Container(std::string name, std::filesystem::path folder)
      : name_(std::move(name)), folder_(std::move(folder)) {}

  /// Starts it in the background; returns when its process 1 runs. Running already is an error.
  Result<void> start(const ConfigItems& config, const std::filesystem::path& log);
  /// Ends process 1 and with it every process of the container; returns when nothing is left of
  /// it. Not running is fine.
  Result<void> stop();
  /// Dumps every process of it; unless they are to `run_on` it ends them, and the container is
  /// stopped. When it fails they go on. `config`: as it was started with. `before_freeze` is called
  /// when CRIU is about to stop the processes; its error ends the dump, and is given back. A caller
  /// that is killed afterwards does not stop the dump. ErrorKind::timeout after `CriuCall::within`:
  /// CRIU was ended, and in what state it has left the processes can't be told.
  Result<void> dump(const ConfigItems& config, const CriuCall& call, bool run_on,
                    const std::function<Result<void>()>& before_freeze);
  /// The dumped processes go on, in a container with this configuration. Running is an error.
  /// ErrorKind::timeout after `CriuCall::within`: all that was restored was ended.
  Result<void> restore(const ConfigItems& config, const CriuCall& call);
  /// Waits until nobody starts, stops, dumps or restores it: also one whose caller was killed.
  Result<void> settle() const;
  /// Removes the lock files that liblxc leaves for a folder of containers. None may run in it.
  static void forget_folder(const std::filesystem::path& folder);
  /// On the host; 0 when it does not run.
  [[nodiscard]] pid_t init_pid() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] static std::string library_version();

 private:
  /// Held by whoever starts or stops it.
  [[nodiscard]] Result<Fd> lock() const;
  Result<void> start_here(const ConfigItems& config, const std::filesystem::path& log) const;
  enum class Move { dump, dump_and_run_on, restore };
  /// `waits`: for the process that does it, to its end; on its ErrorKind::timeout it is ended.
  Result<void> migrate(Move move, const ConfigItems& config, const CriuCall& call,
                       const std::function<Result<void>(pid_t)>& waits);
  /// Runs in a process of its own; its exit code.
  int migrate_here(Move move, const ConfigItems& config, const CriuCall& call) const;

  std::string name_;
  std::filesystem::path folder_;
};

}  // namespace issu::backends::lxc
