#include "checkpoint/archive/machine.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <vector>

#include "issu/base/reasons.hpp"

namespace issu::archive {
namespace {

/// The numbers between dots and dashes until the first part that is none.
std::vector<std::uint64_t> numbers_of(const std::string& version) {
  std::vector<std::uint64_t> numbers;
  const auto is_digit = [](char each) {
    return std::isdigit(static_cast<unsigned char>(each)) != 0;
  };
  for (std::size_t at = 0; at < version.size() && is_digit(version[at]); ++at) {
    std::uint64_t number = 0;
    for (std::size_t digits = 0; at < version.size() && is_digit(version[at]) && digits < 12;
         ++at, ++digits) {
      number = number * 10 + static_cast<std::uint64_t>(version[at] - '0');
    }
    numbers.push_back(number);
    if (at == version.size() || (version[at] != '.' && version[at] != '-')) {
      break;
    }
  }
  return numbers;
}

}  // namespace

Result<Machine> this_machine(const std::string& criu) {
  utsname name{};
  if (::uname(&name) != 0) {
    return fail_errno("asking the kernel for its version");
  }
  return Machine{name.nodename, name.machine, name.release, criu};
}

int compare_versions(const std::string& first, const std::string& second) {
  auto ours = numbers_of(first);
  auto theirs = numbers_of(second);
  const std::size_t length = std::max(ours.size(), theirs.size());
  ours.resize(length);
  theirs.resize(length);
  return ours < theirs ? -1 : theirs < ours ? 1 : 0;
}

Result<void> can_go_on(const Machine& made, const Machine& here) {
  Reasons reasons;
  if (made.architecture != here.architecture) {
    reasons.add("it was saved on " + made.architecture + ", this machine is " + here.architecture,
                "restore it on a machine of its architecture");
  }
  if (compare_versions(here.kernel, made.kernel) < 0) {
    reasons.add(
        "it was saved under kernel " + made.kernel + ", this machine runs the older " + here.kernel,
        "boot that kernel or a newer one");
  }
  if (here.criu.empty()) {
    reasons.add("no CRIU works on this machine",
                "`issu doctor` says why; scenarios/setup gets one");
  } else if (compare_versions(here.criu, made.criu) < 0) {
    reasons.add("it was saved by CRIU " + made.criu + ", this machine has the older " + here.criu,
                "install that version or a newer one");
  }
  return std::move(reasons).result();
}

}  // namespace issu::archive
