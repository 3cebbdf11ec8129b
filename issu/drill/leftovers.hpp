#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace issu::drill {

/// Whose things are looked at: names and folders of one router and its lab.
struct Territory {
  std::string id;                              ///< stands in the names of what belongs to it
  std::vector<std::string> netns;              ///< chassis and peers
  std::vector<std::filesystem::path> folders;  ///< state and run folder
};

/// What there is on the machine, by kind: mounts, loop devices and namespaces of the whole
/// machine; processes, cgroups, container sockets, nft rules, interfaces and files of the
/// territory; open descriptors and memory of the processes in its containers. Numbers in names
/// (pids, ids, times) are left out, how many there are is kept.
using Machine = std::map<std::string, std::multiset<std::string>>;

[[nodiscard]] Machine look_around(const Territory& territory);

/// "+ mount /x" for what is there afterwards only, "- mount /x" for what is gone; of memory, what
/// grew by more than a quarter and 8 MiB.
[[nodiscard]] std::vector<std::string> differences(const Machine& before, const Machine& after);

/// Every run of digits as N.
[[nodiscard]] std::string without_numbers(const std::string& text);

}  // namespace issu::drill
