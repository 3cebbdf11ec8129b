#include "issu/cli/report_files.hpp"

#include <filesystem>

#include "issu/base/file.hpp"
#include "issu/report/html.hpp"
#include "issu/report/metrics.hpp"
#include "issu/report/rfc7654.hpp"

namespace issu::cli {
namespace {

/// node_exporter runs as another user and reads whenever it likes: never half a file.
Result<void> write(const std::string& file, const std::string& text, const char* what) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(file, error);
  ISSU_TRY(write_file_atomic(path, text, 0644), std::string("writing ") + what + " into " + file);
  return {};
}

}  // namespace

void add_report_files(CLI::App& command, ReportFiles& files) {
  command.add_option("--html", files.html, "Write the report into this file, as a page of its own");
  command.add_option("--metrics", files.metrics,
                     "Write the figures into this file as OpenMetrics text (a name that ends in "
                     ".prom in node_exporter's textfile folder)");
}

Result<void> write_report_files(const ReportFiles& files, const nlohmann::ordered_json& document,
                                const std::vector<nlohmann::ordered_json>& history) {
  if (!files.html.empty()) {
    const auto trials = report::trials_of(document, history);
    ISSU_TRY(write(files.html, report::upgrade_page(document, trials), "the page"), "");
  }
  if (!files.metrics.empty()) {
    ISSU_TRY(write(files.metrics, report::upgrade_metrics(document), "the metrics"), "");
  }
  return {};
}

Result<void> write_drill_files(const ReportFiles& files,
                               const std::vector<nlohmann::ordered_json>& drills) {
  if (!files.html.empty()) {
    ISSU_TRY(write(files.html, report::drill_page(drills), "the page"), "");
  }
  if (!files.metrics.empty()) {
    ISSU_TRY(write(files.metrics, report::drill_metrics(drills), "the metrics"), "");
  }
  return {};
}

}  // namespace issu::cli
