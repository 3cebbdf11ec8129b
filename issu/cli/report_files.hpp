#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::cli {

/// Files that a report is written into beside what is printed; empty: not asked for.
struct ReportFiles {
  std::string html;
  std::string metrics;
};

/// Adds --html and --metrics to a command.
void add_report_files(CLI::App& command, ReportFiles& files);

/// Writes them, each as one step with mode 0644, of one upgrade of `history`.
Result<void> write_report_files(const ReportFiles& files, const nlohmann::ordered_json& document,
                                const std::vector<nlohmann::ordered_json>& history);

/// The same of the documents of drills.
Result<void> write_drill_files(const ReportFiles& files,
                               const std::vector<nlohmann::ordered_json>& drills);

}  // namespace issu::cli
