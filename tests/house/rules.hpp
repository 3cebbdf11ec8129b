#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace house {

inline constexpr std::size_t most_lines = 400;
inline constexpr std::size_t many_lines = 300;

/// The files of the tree by path from its root ("issu/base/fd.hpp"), with their text.
using Tree = std::map<std::string, std::string>;

/// Reads the text files below `root`; build folders and version control are left out.
Tree read_tree(const std::string& root);

/// One line a violation, empty when the rules hold: "issu/a.cpp:3: ...".
std::vector<std::string> include_violations(const Tree& tree);
std::vector<std::string> sole_owner_violations(const Tree& tree);
/// Classes outside of tests that derive from what the table does not name.
std::vector<std::string> inheritance_violations(const Tree& tree);
std::vector<std::string> word_violations(const Tree& tree);
/// Invariants of docs/architecture.md without a test in docs/invariants.md, and tests named there
/// that are not in the tree.
std::vector<std::string> invariant_violations(const Tree& tree);
/// Lines of the product that give a text to a shell of this machine. `allowed` counts those that
/// the table has a reason for.
std::vector<std::string> shell_violations(const Tree& tree);
/// Files of code that are too long; those that are merely long go to `notes`.
std::vector<std::string> length_violations(const Tree& tree, std::vector<std::string>& notes);

}  // namespace house
