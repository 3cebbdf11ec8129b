#include "issu/compare/memory.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

namespace issu::compare {
namespace {

namespace fs = std::filesystem;

/// Files of /proc tell no size, and a process may be gone: then it is empty.
std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool names(const std::string& text, const std::string& name) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const unsigned char next = end < text.size() ? static_cast<unsigned char>(text[end]) : 0;
    if (std::isalnum(next) == 0 && next != '-') {
      return true;
    }
  }
  return false;
}

std::vector<pid_t> processes(const fs::path& proc) {
  std::vector<pid_t> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(proc, error)) {
    const std::string name = entry.path().filename().string();
    if (std::all_of(name.begin(), name.end(),
                    [](unsigned char c) { return std::isdigit(c) != 0; })) {
      all.push_back(std::stoi(name));
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// The words of the QEMU of a machine; empty: there is none.
std::vector<std::string> qemu_words(const std::string& name, const fs::path& proc) {
  for (const pid_t pid : processes(proc)) {
    const std::string line = text_of(proc / std::to_string(pid) / "cmdline");
    if (line.find("qemu-system") == std::string::npos || !names(line, name)) {
      continue;
    }
    std::vector<std::string> words;
    std::istringstream stream(line);
    for (std::string word; std::getline(stream, word, '\0');) {
      words.push_back(word);
    }
    return words;
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> bytes_of(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key + ":")) {
      continue;
    }
    std::istringstream rest(line.substr(key.size() + 1));
    if (std::uint64_t kib = 0; rest >> kib) {
      return kib << 10U;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> available_memory(const fs::path& proc) {
  return bytes_of(text_of(proc / "meminfo"), "MemAvailable");
}

std::vector<Resident> residents_of(const std::string& name, const fs::path& proc) {
  std::vector<Resident> found;
  for (const pid_t pid : processes(proc)) {
    const fs::path folder = proc / std::to_string(pid);
    if (!names(text_of(folder / "cgroup"), name) && !names(text_of(folder / "cmdline"), name)) {
      continue;
    }
    const std::string rollup = text_of(folder / "smaps_rollup");
    std::string comm = text_of(folder / "comm");
    comm.erase(std::find(comm.begin(), comm.end(), '\n'), comm.end());
    found.push_back({pid, comm, bytes_of(rollup, "Pss"), bytes_of(rollup, "Rss")});
  }
  return found;
}

std::optional<std::uint64_t> pss_of(const std::vector<Resident>& residents) {
  std::uint64_t sum = 0;
  for (const Resident& resident : residents) {
    if (!resident.pss) {
      return std::nullopt;
    }
    sum += *resident.pss;
  }
  return residents.empty() ? std::nullopt : std::optional(sum);
}

std::string accelerator_of(const std::string& name, const fs::path& proc) {
  const std::vector<std::string> words = qemu_words(name, proc);
  const auto at = std::find(words.begin(), words.end(), "-accel");
  if (at == words.end() || at + 1 == words.end()) {
    return "";
  }
  const std::string& word = *(at + 1);
  return word.substr(0, word.find(','));
}

std::optional<bool> has_host_device(const std::string& name, const fs::path& proc) {
  const std::vector<std::string> words = qemu_words(name, proc);
  if (words.empty()) {
    return std::nullopt;
  }
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.find("vfio") != std::string::npos;
  });
}

}  // namespace issu::compare
