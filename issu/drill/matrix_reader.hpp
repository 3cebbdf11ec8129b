#pragma once

#include <optional>
#include <string>
#include <vector>

#include "issu/config/toml_reader.hpp"
#include "issu/drill/outcome.hpp"

namespace issu::drill {

/// A scenario's document as one cell of its matrix has it.
struct ExpandedCell {
  config::TomlValue document;  ///< without [matrix]; lines are those of the file
  std::optional<Cell> cell;    ///< its matrix has no name yet; no value: the file has no matrix
  std::string suffix;          ///< of the drill's name: "-lxc-bookworm-to-trixie"
};

/// One document for each cell of `[matrix]` (from × to × backend): `{from}` and `{to}` in a text
/// are the names of the cell's images, `{backend}` its backend, which is also the lab's. A cell
/// from a release to itself is left out unless `same = true`. A file without a matrix is one
/// document.
///
/// Errors (ErrorKind::refused), with file and line: keys that are not known, a `{word}` that is
/// none of these, a matrix that no text speaks of, a backend that stands in the lab, too.
Result<std::vector<ExpandedCell>> expand_matrix(const config::TomlValue& document,
                                                const std::string& file);

}  // namespace issu::drill
