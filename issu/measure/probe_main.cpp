#include <signal.h>
#include <time.h>

#include <cstdio>
#include <string>

#include "issu/base/file.hpp"
#include "issu/measure/instrument.hpp"
#include "issu/measure/plan_json.hpp"

namespace {

using issu::measure::Instrument;

constexpr const char* usage =
    "usage: issu-probe --plan FILE --out FOLDER\n"
    "Measures probe streams and routing sessions as the plan says until SIGTERM (or for 24 "
    "hours),\n"
    "and leaves live.json, timeline.jsonl and result.json in FOLDER.\n";

int report(const issu::Error& error) {
  std::fprintf(stderr, "issu-probe: %s\n", error.message().c_str());
  return 1;
}

issu::Result<void> measure(const std::string& plan_file, const std::string& folder) {
  auto text = issu::read_file(plan_file);
  if (!text) {
    return issu::fail(std::move(text).error());
  }
  auto plan = issu::measure::plan_from_json(*text);
  if (!plan) {
    return issu::fail(std::move(plan).error());
  }
  ISSU_TRY(issu::make_dirs(folder), "making the folder for the results");
  auto instrument = Instrument::open(*plan, folder);
  if (!instrument) {
    return issu::fail(std::move(instrument).error());
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  // Nobody may have stopped an instrument whose starter is gone.
  const auto limit = issu::Deadline::in(std::chrono::hours(24));
  bool ended = false;
  return (*instrument)->run([&] {
    const timespec wait{0, 10'000'000};
    ended = ended || sigtimedwait(&ending, nullptr, &wait) > 0 || limit.passed();
    return ended;
  });
}

}  // namespace

int main(int argc, char** argv) {
  // Before any thread is made: the signals are waited for, never delivered.
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&blocked, number);
  }
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  signal(SIGPIPE, SIG_IGN);

  std::string plan;
  std::string folder;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help") {
      std::fputs(usage, stdout);
      return 0;
    }
    if (i + 1 < argc && (word == "--plan" || word == "--out")) {
      (word == "--plan" ? plan : folder) = argv[++i];
    } else {
      std::fprintf(stderr, "issu-probe: \"%s\" is not understood\n%s", word.c_str(), usage);
      return 2;
    }
  }
  if (plan.empty() || folder.empty()) {
    std::fputs(usage, stderr);
    return 2;
  }
  auto measured = measure(plan, folder);
  return measured ? 0 : report(measured.error());
}
