#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/tcp_flow.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint {

namespace conditioner {
struct Record;
}

/// What CRIU forgets of the sockets of a set of processes, and what keeps it from dumping them:
/// collected before the dump, put back after the restore. docs/platform-notes.md says what that is.
///
/// A socket is known by a process that holds it (its pid in its own pid namespace) and the number
/// of its descriptor there; CRIU restores both. One that several processes share is done once.
/// All processes are in one network namespace. Root is needed.
///
/// It holds keys (TCP MD5): they are wiped from memory at the end of its life, never in an error,
/// a log or the summary. Its file belongs into a folder of mode 0700 on a tmpfs.
class Conditioner {
 public:
  /// Looks at the sockets of these processes (pids of our pid namespace) while they run; changes
  /// nothing. A process that ends meanwhile is left out; one of another network namespace is an
  /// error.
  static Result<Conditioner> collect(std::span<const pid_t> host_pids);

  /// Takes away what CRIU refuses to dump: netlink groups above 32. The processes should be frozen
  /// by then, or nearly so: they hear nothing of those groups until `redo`. Netlink sockets with
  /// messages that wait to be read make a dump fail: they are an error that names process and
  /// descriptor, of ErrorKind::timeout, and worth another try. Repeatable.
  Result<void> undo(std::span<const pid_t> host_pids) const;

  /// Puts everything back on the same sockets: of restored processes before they run or before
  /// their flows are let through again (`FlowLock`), or of those that live on when the dump failed.
  /// Repeatable, also after a kill in the middle. Does what it can: the error has everything that
  /// it could not do.
  Result<void> redo(std::span<const pid_t> host_pids) const;

  /// Writes the document (docs/formats.md: kind "conditioner") with mode 0600, as one step.
  Result<void> save(const std::filesystem::path& file) const;
  /// Refuses what is damaged or of another schema, with the reason (ErrorKind::refused).
  static Result<Conditioner> load(const std::filesystem::path& file);

  /// The connected TCP sockets, each flow once.
  [[nodiscard]] std::vector<TcpFlow> flows() const;
  /// What CRIU will refuse to dump and `undo` can't help, each with process and descriptor:
  /// "process 7 (x), descriptor 4: a socket of address family 38". Empty after `load`.
  [[nodiscard]] const std::vector<std::string>& obstacles() const;
  /// Counts by kind of what was found; no secrets.
  [[nodiscard]] nlohmann::json summary() const;

  Conditioner(Conditioner&&) noexcept;
  Conditioner& operator=(Conditioner&&) noexcept;
  ~Conditioner();

 private:
  explicit Conditioner(std::unique_ptr<conditioner::Record> record);
  std::unique_ptr<conditioner::Record> record_;
};

}  // namespace issu::checkpoint
