#include "issu/cli/drill_artifacts.hpp"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"
#include "issu/report/html.hpp"

namespace issu::cli {

namespace fs = std::filesystem;

fs::path DrillArtifacts::place(const std::string& drill, unsigned attempt) const {
  return folder_ / drill / fmt::format("attempt-{}", attempt);
}

Result<void> DrillArtifacts::check(const std::vector<std::string>& drills) const {
  if (folder_.empty()) {
    return {};
  }
  Reasons reasons;
  std::error_code error;
  for (const std::string& drill : drills) {
    if (fs::exists(folder_ / drill, error)) {
      reasons.add((folder_ / drill).string() + " is there already",
                  "name another folder with --artifacts, or remove what an earlier run left");
    }
  }
  ISSU_TRY(std::move(reasons).result(), "");
  return make_dirs(folder_, 0755);
}

fs::path DrillArtifacts::evidence(const std::string& drill, unsigned attempt) const {
  return folder_.empty() ? fs::path() : place(drill, attempt) / "evidence";
}

void DrillArtifacts::log(const std::string& drill, unsigned attempt,
                         const std::string& line) const {
  if (folder_.empty()) {
    return;
  }
  const fs::path folder = place(drill, attempt);
  if (make_dirs(folder, 0755)) {
    std::ofstream(folder / "progress.log", std::ios::app) << line << '\n';
  }
}

Result<void> DrillArtifacts::write(const drill::DrillOutcome& outcome) const {
  if (folder_.empty()) {
    return {};
  }
  const fs::path folder = place(outcome.scenario, outcome.attempt);
  const std::string document = drill::to_json(outcome);
  ISSU_TRY(make_dirs(folder, 0755), "the drill's artifacts");
  ISSU_TRY(write_file_atomic(folder / "drill.json", document, 0644), "the drill's artifacts");
  return write_file_atomic(folder / "drill.html",
                           report::drill_page({nlohmann::ordered_json::parse(document)}), 0644);
}

}  // namespace issu::cli
