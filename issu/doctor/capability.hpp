#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace issu::doctor {

/// Whether this machine has it. `unknown`: it could not be found out, which is not a yes.
enum class Present { yes, no, unknown };

/// One thing that an upgrade can need of the machine.
struct Capability {
  std::string id;    ///< stable, for JSON: "criu.restore"
  std::string name;  ///< for people
  Present present = Present::unknown;
  std::string detail;      ///< what was seen: a version, an error
  std::string needed_for;  ///< what does not work without it
  std::string how_to_get;  ///< the next step where it is missing
  /// Backends ("lxc", "vm"), NPU drivers ("kernel", "soft", and its engines "soft-packet",
  /// "soft-xdp") and strategies ("restart", "checkpoint", …) that can't run without it. Empty: good
  /// to have, nothing fails without it.
  std::vector<std::string> needed_by;
};

/// "yes", "no", "unknown"
[[nodiscard]] const char* name_of(Present present);

/// Those that `user` (a backend, an NPU driver or a strategy) needs and this machine lacks, or
/// where that is unknown.
[[nodiscard]] std::vector<Capability> lacking(const std::vector<Capability>& capabilities,
                                              std::string_view user);

/// Whether a backend, an NPU driver or a strategy has all that it needs. One that no capability
/// names can't run: it is not known here.
[[nodiscard]] bool can_run(const std::vector<Capability>& capabilities, std::string_view user);

/// All users that the capabilities name, sorted.
[[nodiscard]] std::vector<std::string> users(const std::vector<Capability>& capabilities);

/// A table for people: what is missing says what it is needed for and how to get it. Then a line
/// for each user, and whether all of `judged` (a router's backend and NPU driver) can run.
[[nodiscard]] std::string as_text(const std::vector<Capability>& capabilities,
                                  const std::vector<std::string>& judged);

/// {"ready": true, "judged": ["lxc", "kernel"], "can_run": {"lxc": true, …}, "capabilities":
/// [{"id", "name", "present", "detail", "needed_for", "how_to_get", "needed_by"}]}
[[nodiscard]] std::string as_json(const std::vector<Capability>& capabilities,
                                  const std::vector<std::string>& judged);

/// Whether every one of `judged` can run.
[[nodiscard]] bool ready(const std::vector<Capability>& capabilities,
                         const std::vector<std::string>& judged);

}  // namespace issu::doctor
