#pragma once

#include <filesystem>

#include "checkpoint/archive/index.hpp"
#include "checkpoint/archive/reader.hpp"

namespace issu::archive {

/// Reads the index: the first piece or few of the archive, however large the rest is.
Result<Index> read_index(Reader& reader, const std::string& name);

/// Reads everything that follows the index and checks it; keeps nothing.
Result<void> check_contents(Reader& reader, const Index& index);

/// Brings the files of an archive into `folder`, which must not exist: it has that name once all of
/// it is there and synced, 0700, the files 0600. Names can't lead out of it. On a failure nothing
/// is left. `reader`: behind its index.
Result<void> unpack(Reader& reader, const Index& index, const std::filesystem::path& folder);

}  // namespace issu::archive
