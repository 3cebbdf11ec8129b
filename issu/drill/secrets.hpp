#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "issu/drill/layout.hpp"
#include "issu/drill/outcome.hpp"

namespace issu::drill {

/// Where secrets were looked for, and what was found.
struct SecretSearch {
  std::vector<std::string> secrets;              ///< what nobody may read
  std::vector<std::filesystem::path> folders;    ///< everything below them is looked through
  std::vector<std::filesystem::path> must_have;  ///< files and folders that hold them by purpose
};

/// A line for each file in which a secret stands that has no need of it, and for each that needs it
/// and can be read by every user of the machine. What is mounted into the folders is not looked
/// into: images are everybody's, a saved state is in a tmpfs that ends with the upgrade.
Result<std::vector<std::string>> told_secrets(const SecretSearch& search);

/// A line for each file or folder below `folder` that others than its owner may read or write.
/// What is below the folders `shared` is the containers'.
[[nodiscard]] std::vector<std::string> open_to_others(
    const std::filesystem::path& folder, const std::vector<std::filesystem::path>& shared);

/// At the end of a drill, before its lab is taken away: the passwords of its sessions stand nowhere
/// but in the configurations, not in a log, the journal, a result, the evidence; and the router's
/// state is its owner's alone.
[[nodiscard]] std::vector<Judgement> judge_secrets(const Layout& layout,
                                                   const std::vector<UpgradeRun>& upgrades);

}  // namespace issu::drill
