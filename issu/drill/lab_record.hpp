#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/child.hpp"
#include "issu/base/result.hpp"

namespace issu::drill {

/// What a lab has taken of the machine, on disk before it is taken: who finds it can give all of
/// it back, also after the drill was killed.
struct LabRecord {
  struct Process {
    ProcessId id;
    std::string name;
  };

  std::string id;     ///< "drill-4711"
  ProcessId owner;    ///< the drill that made it
  bool kept = false;  ///< left standing on purpose (--keep)
  std::filesystem::path work;
  std::filesystem::path issu;  ///< the program that brought the router up
  std::vector<std::string> netns;
  std::vector<Process> processes;

  [[nodiscard]] std::filesystem::path file() const { return work / "lab.json"; }
  Result<void> save() const;
  static Result<LabRecord> load(const std::filesystem::path& work);
};

/// Gives back everything that a record names: router, daemons, namespaces, files. Can be
/// repeated; goes on after a failure and tells all of them at the end. Processes that still run
/// in the lab's own namespaces are ended, whoever started them.
Result<void> give_back(const LabRecord& record);

/// The labs below `base` that nobody owns any more; `kept_too`: also those left on purpose.
[[nodiscard]] std::vector<LabRecord> abandoned_labs(const std::filesystem::path& base,
                                                    bool kept_too);

}  // namespace issu::drill
