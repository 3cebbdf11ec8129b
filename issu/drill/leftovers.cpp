#include "issu/drill/leftovers.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;

using Names = std::multiset<std::string>;

constexpr const char* memory_kind = "memory";  // compared by its numbers

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Names mounts() {
  Names names;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    std::string target;
    for (int i = 0; i < 5 && words >> target; ++i) {
    }
    while (words >> word && word != "-") {
    }
    std::string type;
    std::string source;
    words >> type >> source;
    names.insert(target + " (" + type + ")" +
                 (source.starts_with("/dev/loop") ? " on a loop device" : ""));
  }
  return names;
}

Names loop_devices() {
  Names names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/block", error)) {
    if (entry.path().filename().string().starts_with("loop")) {
      if (auto file = read_file(entry.path() / "loop/backing_file"); file) {
        names.insert(file->substr(0, file->find('\n')));
      }
    }
  }
  return names;
}

Names namespaces() {
  Names names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/run/netns", error)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

/// Folders of the control groups that belong to the territory.
Names control_groups(const Territory& territory) {
  Names names;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(
           "/sys/fs/cgroup", fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    if (path.find(territory.id) != std::string::npos && entry->is_directory(error)) {
      names.insert(without_numbers(path));
    }
  }
  return names;
}

/// liblxc's command sockets are abstract: a container that runs has one.
Names containers(const Territory& territory) {
  Names names;
  std::ifstream file("/proc/net/unix");
  for (std::string line; std::getline(file, line);) {
    const auto at = line.find('@');
    if (at != std::string::npos && line.find(territory.id, at) != std::string::npos) {
      names.insert(without_numbers(line.substr(at)));
    }
  }
  return names;
}

/// Inode numbers of the territory's network namespaces.
std::set<ino_t> inodes_of(const std::vector<std::string>& netns) {
  std::set<ino_t> inodes;
  for (const std::string& name : netns) {
    struct stat status {};
    if (::stat(NetNs::path_of(name).c_str(), &status) == 0) {
      inodes.insert(status.st_ino);
    }
  }
  return inodes;
}

/// What the processes of the territory are, and of those in its containers what they hold.
struct Processes {
  Names commands;
  Names descriptors;
  Names memory;
};

std::uint64_t resident_kib(const fs::path& process) {
  const std::string status = read_file(process / "status").value_or("");
  const auto at = status.find("\nVmRSS:");
  return at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + 7, nullptr, 10);
}

Processes processes(const Territory& territory) {
  Processes found;
  const std::set<ino_t> inodes = inodes_of(territory.netns);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename().string();
    if (!std::all_of(pid.begin(), pid.end(), is_digit) || pid == std::to_string(::getpid())) {
      continue;
    }
    std::string command = read_file(entry.path() / "cmdline").value_or("");
    std::replace(command.begin(), command.end(), '\0', ' ');
    const std::string groups = read_file(entry.path() / "cgroup").value_or("");
    struct stat status {};
    const bool inside =
        ::stat((entry.path() / "ns/net").c_str(), &status) == 0 && inodes.contains(status.st_ino);
    if (inside || command.find(territory.id) != std::string::npos ||
        groups.find(territory.id) != std::string::npos) {
      found.commands.insert(without_numbers(command));
    }
    if (groups.find("lxc.payload.issu-" + territory.id) != std::string::npos) {
      const auto open = fs::directory_iterator(entry.path() / "fd", error);
      const std::string name = without_numbers(command);
      found.descriptors.insert(name + std::to_string(std::distance(open, {})));
      found.memory.insert(name + std::to_string(resident_kib(entry.path())));
    }
  }
  return found;
}

/// A line "NAME… NUMBER" of the kind "memory".
std::pair<std::string, double> name_and_number(const std::string& line) {
  const auto at = line.rfind(' ') + 1;
  return {line.substr(0, at), std::strtod(line.c_str() + at, nullptr)};
}

/// Memory is never the same twice: what counts is that it grows by more than a quarter and 8 MiB.
std::vector<std::string> grown(const Names& before, const Names& after) {
  constexpr double factor = 1.25;
  constexpr double slack_kib = 8192;
  std::map<std::string, double> most;
  for (const std::string& line : before) {
    const auto [name, kib] = name_and_number(line);
    most[name] = std::max(most[name], kib);
  }
  std::vector<std::string> lines;
  for (const std::string& line : after) {
    const auto [name, kib] = name_and_number(line);
    const auto known = most.find(name);
    if (known != most.end() && kib > known->second * factor + slack_kib) {
      lines.push_back("+ memory " + line + " KiB, " +
                      std::to_string(static_cast<std::uint64_t>(known->second)) + " before");
    }
  }
  return lines;
}

/// Lines of a command's answer inside each namespace of the territory.
Names inside_each(const Territory& territory, const Argv& argv) {
  Names names;
  for (const std::string& netns : territory.netns) {
    RunOptions options;
    options.netns = NetNs::path_of(netns);
    const auto said = run(argv, options);
    std::istringstream lines(said ? said->out : "");
    for (std::string line; std::getline(lines, line);) {
      names.insert(without_numbers(netns + ": " + line));
    }
  }
  return names;
}

Names host_rules() {
  Names names;
  const auto said = run({"nft", "list", "ruleset"});
  std::istringstream lines(said ? said->out : "");
  for (std::string line; std::getline(lines, line);) {
    names.insert(without_numbers("host: " + line));
  }
  return names;
}

Names files(const Territory& territory) {
  Names names;
  for (const fs::path& folder : territory.folders) {
    struct stat top {};
    if (::stat(folder.c_str(), &top) != 0) {
      continue;
    }
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(folder, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      struct stat status {};
      // A mounted image's files are the image's, not ours.
      if (::lstat(entry->path().c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
          status.st_dev != top.st_dev) {
        entry.disable_recursion_pending();
      }
      names.insert(without_numbers(entry->path().string()));
    }
  }
  return names;
}

}  // namespace

std::string without_numbers(const std::string& text) {
  std::string plain;
  for (const char c : text) {
    if (!is_digit(c)) {
      plain += c;
    } else if (plain.empty() || plain.back() != 'N') {
      plain += 'N';
    }
  }
  return plain;
}

Machine look_around(const Territory& territory) {
  Machine machine;
  machine["mount"] = mounts();
  machine["loop device of"] = loop_devices();
  machine["network namespace"] = namespaces();
  machine["control group"] = control_groups(territory);
  machine["container socket"] = containers(territory);
  Processes found = processes(territory);
  machine["process"] = std::move(found.commands);
  machine["descriptors of"] = std::move(found.descriptors);
  machine[memory_kind] = std::move(found.memory);
  machine["interface"] = inside_each(territory, {"ip", "-br", "link"});
  machine["nft rule"] = inside_each(territory, {"nft", "list", "ruleset"});
  machine["nft rule"].merge(host_rules());
  machine["file"] = files(territory);
  return machine;
}

std::vector<std::string> differences(const Machine& before, const Machine& after) {
  std::vector<std::string> lines;
  const auto compare = [&lines](const Machine& one, const Machine& two, const std::string& sign) {
    for (const auto& [kind, names] : one) {
      if (kind == memory_kind) {
        continue;
      }
      const auto other = two.find(kind);
      const Names none;
      const Names& others = other == two.end() ? none : other->second;
      std::vector<std::string> extra;
      std::set_difference(names.begin(), names.end(), others.begin(), others.end(),
                          std::back_inserter(extra));
      for (const std::string& name : extra) {
        lines.push_back(sign + " " + kind + " " + name);
      }
    }
  };
  compare(after, before, "+");
  compare(before, after, "-");
  if (const auto old = before.find(memory_kind), now = after.find(memory_kind);
      old != before.end() && now != after.end()) {
    const auto more = grown(old->second, now->second);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  return lines;
}

}  // namespace issu::drill
