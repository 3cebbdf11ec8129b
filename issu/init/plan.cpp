#include "issu/init/plan.hpp"

#include <algorithm>
#include <charconv>

namespace issu::init {
namespace {

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

bool knows(const std::vector<DaemonPlan>& daemons, std::string_view name) {
  return std::any_of(daemons.begin(), daemons.end(),
                     [&](const DaemonPlan& daemon) { return daemon.name == name; });
}

Result<void> set(DaemonPlan& daemon, const std::vector<DaemonPlan>& earlier, std::string_view word,
                 std::string_view value) {
  if (word == "arg") {
    daemon.argv.emplace_back(value);
  } else if (word == "after") {
    if (!knows(earlier, value)) {
      return fail("`after " + std::string(value) + "`: no such daemon above it");
    }
    daemon.after.emplace_back(value);
  } else if (word == "socket") {
    daemon.socket = value;
  } else if (word == "question") {
    daemon.question = value;
  } else if (word == "within") {
    long milliseconds = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
    if (read.ec != std::errc() || read.ptr != value.data() + value.size() || milliseconds <= 0) {
      return fail("`within " + std::string(value) + "` is not a time in milliseconds");
    }
    daemon.within = std::chrono::milliseconds(milliseconds);
  } else {
    return fail("the word `" + std::string(word) + "` is not known");
  }
  return {};
}

}  // namespace

Result<std::vector<DaemonPlan>> parse_plan(std::string_view text) {
  std::vector<DaemonPlan> daemons;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const auto space = line.find(' ');
    const std::string_view word = line.substr(0, space);
    const std::string_view value =
        space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    const std::string where = "daemon list, line " + std::to_string(number);
    if (word == "daemon") {
      if (!is_name(value) || knows(daemons, value)) {
        return fail(where + ": `" + std::string(value) + "` is no name, or it stands twice");
      }
      daemons.push_back(DaemonPlan{.name = std::string(value)});
      continue;
    }
    if (daemons.empty()) {
      return fail(where + ": before the first `daemon`");
    }
    DaemonPlan daemon = std::move(daemons.back());
    daemons.pop_back();
    ISSU_TRY(set(daemon, daemons, word, value), where);
    daemons.push_back(std::move(daemon));
  }
  for (const DaemonPlan& daemon : daemons) {
    if (daemon.argv.empty()) {
      return fail("daemon list: " + daemon.name + " has no `arg`, so nothing to start");
    }
  }
  if (daemons.empty()) {
    return fail("daemon list: there is no daemon in it");
  }
  return daemons;
}

Result<std::string> format_plan(const std::vector<DaemonPlan>& daemons) {
  std::string text = "# daemon list\n";
  bool broken = false;
  const auto line = [&](const char* word, const std::string& value) {
    broken = broken || value.find('\n') != std::string::npos;
    text += std::string(word) + " " + value + "\n";
  };
  for (const DaemonPlan& daemon : daemons) {
    line("daemon", daemon.name);
    for (const std::string& word : daemon.argv) {
      line("arg", word);
    }
    for (const std::string& name : daemon.after) {
      line("after", name);
    }
    if (!daemon.socket.empty()) {
      line("socket", daemon.socket);
    }
    if (!daemon.question.empty()) {
      line("question", daemon.question);
    }
    line("within", std::to_string(daemon.within.count()));
  }
  if (broken) {
    return fail("a line break in a daemon's command line or path");
  }
  return text;
}

}  // namespace issu::init
