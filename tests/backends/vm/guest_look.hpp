#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "backends/vm/guest_agent.hpp"
#include "issu/base/file.hpp"

namespace issu::testing {

/// The exit code of a busybox command in a guest whose libvirt has its folder below `run_dir`.
/// `netns`: where its QEMU runs; empty: here.
inline Result<int> busybox_in(const std::filesystem::path& run_dir,
                              const std::filesystem::path& netns, const std::string& machine,
                              std::vector<std::string> words) {
  auto hypervisor =
      backends::vm::Hypervisor::open({.uri = {}, .root = run_dir / "vm", .netns = netns});
  REQUIRE(hypervisor);
  words.insert(words.begin(), "/usr/bin/busybox");
  auto done = backends::vm::GuestAgent(*hypervisor, machine).run(words, std::chrono::seconds(20));
  if (!done) {
    return fail(std::move(done).error());
  }
  return done->exit_code;
}

/// The slots' folders and those of `folders` in `run_dir`, and processes that have `word` in their
/// command line: what a backend that gave everything back has none of.
inline std::vector<std::string> traces_of(const std::filesystem::path& run_dir,
                                          const std::string& word,
                                          const std::set<std::string>& folders = {}) {
  std::vector<std::string> found;
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    const auto line = read_file(process.path() / "cmdline");
    if (line && line->find(word) != std::string::npos) {
      found.push_back(process.path());
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(run_dir)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("slot-") || folders.contains(name)) {
      found.push_back(entry.path());
    }
  }
  return found;
}

}  // namespace issu::testing
