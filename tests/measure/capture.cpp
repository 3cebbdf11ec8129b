#include "tests/measure/capture.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "issu/base/file.hpp"

namespace issu::test {
namespace {

constexpr const char* python = "/usr/bin/python3";
constexpr const char* buffer_kib = "262144";

/// The number before these words in what tcpdump said at its end.
std::optional<std::uint64_t> number_before(const std::string& text, const std::string& words) {
  const std::size_t at = text.find(words);
  if (at == std::string::npos || at == 0) {
    return std::nullopt;
  }
  const std::size_t line = text.rfind('\n', at);
  return std::stoull(text.substr(line == std::string::npos ? 0 : line + 1));
}

}  // namespace

std::string Capture::missing() {
  if (std::system("command -v tcpdump >/dev/null 2>&1") != 0) {
    return "tcpdump is not installed";
  }
  return ::access(python, X_OK) == 0 ? "" : std::string(python) + " is not installed";
}

std::filesystem::path Capture::file_of(const std::string& netns) const {
  return lab_.folder() / (netns + ".pcap");
}

void Capture::start(const std::string& in, const std::string& interface) {
  const std::string netns = lab_.netns(in);
  const std::string what = "tcpdump-" + in;
  // 96 bytes hold all headers and what the script reads; the ring holds the whole run, so that a
  // tcpdump that gets no time drops nothing.
  lab_.start(what,
             {"tcpdump", "-i", interface, "-n", "-Z", "root", "-s", "96", "-B", buffer_kib,
              "--time-stamp-precision=nano", "-w", file_of(netns), "udp"},
             in);
  sides_.push_back(in);
  const auto said = [&] { return read_file(lab_.folder() / (what + ".out")).value_or(""); };
  REQUIRE_MESSAGE(wait_until([&] { return said().find("listening on") != std::string::npos; },
                             Deadline::in(std::chrono::seconds(10))),
                  said());
}

void Capture::stop() {
  // The kernel gives a block of its ring to tcpdump when it is full or a second old.
  sleep_for(std::chrono::milliseconds(1500));
  for (const std::string& side : sides_) {
    const auto file = file_of(lab_.netns(side));
    std::uintmax_t before = 0;
    wait_until(
        [&] {
          const auto size = std::filesystem::file_size(file);
          return std::exchange(before, size) == size;
        },
        Deadline::in(std::chrono::seconds(20)), std::chrono::milliseconds(300));
  }
  for (const std::string& side : sides_) {
    const ProcessId process = lab_.process("tcpdump-" + side);
    static_cast<void>(send_signal(process, SIGINT));
    CHECK(wait_until([&] { return !is_alive(process); }, Deadline::in(std::chrono::seconds(10))));
  }
}

std::string Capture::not_comparable() const {
  for (const std::string& side : sides_) {
    const std::string said = read_file(lab_.folder() / ("tcpdump-" + side + ".out")).value_or("");
    const auto captured = number_before(said, " packets captured");
    const auto filtered = number_before(said, " packets received by filter");
    const auto dropped = number_before(said, " packets dropped by kernel");
    if (!captured || !filtered || !dropped) {
      return "tcpdump left no account of itself: " + said;
    }
    if (*dropped != 0) {
      return "tcpdump dropped " + std::to_string(*dropped) + " packets on " + side +
             ": its buffer of " + buffer_kib + " KiB (-B) is too small";
    }
    if (*captured != *filtered) {
      return "tcpdump wrote " + std::to_string(*captured) + " of " + std::to_string(*filtered) +
             " packets on " + side;
    }
  }
  return {};
}

std::vector<CapturedStream> Capture::count(const measure::MeasurePlan& plan) const {
  Argv argv{python, std::string(ISSU_SOURCE_DIR) + "/tests/measure/pcap_count.py"};
  for (std::size_t i = 0; i < plan.streams.size(); ++i) {
    argv.push_back(std::to_string(i) + ":" + file_of(plan.streams[i].from_netns).string() + ":" +
                   file_of(plan.streams[i].to_netns).string());
  }
  RunOptions options;
  options.timeout = std::chrono::seconds(60);
  auto output = run_checked(argv, options);
  REQUIRE_MESSAGE(output, output.error().message());
  const auto document = nlohmann::json::parse(*output);
  std::vector<CapturedStream> streams;
  for (std::size_t i = 0; i < plan.streams.size(); ++i) {
    const auto& seen = document.at(std::to_string(i));
    CapturedStream stream;
    stream.sent = seen.at("sent");
    stream.received = seen.at("received");
    stream.lost = seen.at("lost");
    stream.duplicated = seen.at("duplicated");
    stream.reordered = seen.at("reordered");
    stream.gap_count = seen.at("gap_count");
    stream.strangers = seen.at("strangers");
    stream.gaps_ns = seen.at("gaps_ns").get<std::vector<std::int64_t>>();
    streams.push_back(std::move(stream));
  }
  return streams;
}

}  // namespace issu::test
