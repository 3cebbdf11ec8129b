#include "issu/cli/progress.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <functional>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;

namespace {

/// What is said on standard error meanwhile.
std::string said(const std::function<void()>& act) {
  const tests::TempDir dir;
  const auto file = dir.path() / "said";
  const Fd before(::dup(STDERR_FILENO));
  {
    const Fd into(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ::dup2(into.get(), STDERR_FILENO);
  }
  act();
  ::dup2(before.get(), STDERR_FILENO);
  return read_file(file).value_or("");
}

Record record(Event event, Phase phase, double at_s, const std::string& text = "") {
  Record record{event, phase, text};
  record.mono = static_cast<MonoNs>(at_s * 1e9);
  return record;
}

}  // namespace

TEST_CASE("a phase that was seen to begin has its time") {
  const std::string text = said([] {
    cli::Progress progress;
    progress.record(record(Event::begun, Phase::soak, 10));
    progress.record(record(Event::failed, Phase::soak, 12.5, "abort was asked for"));
  });
  CHECK(text.find("soak") != std::string::npos);
  CHECK(text.find("2.500 s  FAILED: abort was asked for") != std::string::npos);
}

TEST_CASE("who comes to a phase in its middle knows its name, and not since when") {
  for (const Event event : {Event::failed, Event::done}) {
    const std::string text = said([&] {
      cli::Progress progress;
      progress.record(record(event, Phase::soak, 24546.8, "abort was asked for"));
    });
    CHECK(text.find("soak") != std::string::npos);
    CHECK_MESSAGE(text.find("24546") == std::string::npos, text);
  }
}
