#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/drill/outcome.hpp"

namespace issu::cli {

/// What drills leave for people to look at, a folder a drill and in it one an attempt:
/// `NAME/attempt-1/` with drill.json, drill.html, progress.log and evidence/. Without a folder
/// nothing is written.
class DrillArtifacts {
 public:
  explicit DrillArtifacts(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Refuses a folder that has something of one of these drills: two runs would be mixed up.
  [[nodiscard]] Result<void> check(const std::vector<std::string>& drills) const;
  /// Where the attempt's evidence goes; empty without a folder.
  [[nodiscard]] std::filesystem::path evidence(const std::string& drill, unsigned attempt) const;
  /// Adds a line to the attempt's log: it is there as well when nobody lives to see the end.
  void log(const std::string& drill, unsigned attempt, const std::string& line) const;
  /// Writes the attempt's documents.
  [[nodiscard]] Result<void> write(const drill::DrillOutcome& outcome) const;

 private:
  [[nodiscard]] std::filesystem::path place(const std::string& drill, unsigned attempt) const;

  std::filesystem::path folder_;
};

}  // namespace issu::cli
