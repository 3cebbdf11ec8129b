#include "issu/init/answers.hpp"

#include <sstream>

namespace issu::init {

Result<double> parse_start(const std::string& answer) {
  std::istringstream words(answer);
  std::string first;
  words >> first;
  if (first != "ok") {
    std::string reason;
    std::getline(words >> std::ws, reason);
    return fail(reason);
  }
  double milliseconds = 0;
  words >> milliseconds;
  return milliseconds;
}

InitStatus parse_status(const std::string& answer) {
  std::istringstream lines(answer);
  std::string line;
  std::getline(lines, line);
  InitStatus status;
  status.held = line == "held";
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    InitDaemon daemon;
    std::string ready;
    words >> daemon.name >> daemon.inner_pid >> ready >> daemon.exits >> std::ws;
    std::getline(words, daemon.last_end);
    daemon.ready = ready == "ready";
    if (daemon.last_end == "-") {
      daemon.last_end.clear();
    }
    status.daemons.push_back(std::move(daemon));
  }
  return status;
}

}  // namespace issu::init
