#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/error.hpp"
#include "issu/report/ledger/entry.hpp"

namespace issu::ledger {

/// Where a router's ledger and history are.
struct Books {
  std::filesystem::path ledger;
  std::filesystem::path history;
  std::string router;
};

/// All that is known of a router's upgrades.
struct Account {
  std::vector<Entry> entries;    ///< in the order of writing
  bool whole = true;             ///< false: there may be more, which could not be read
  std::optional<Error> trouble;  ///< the ledger could not be read or written
};

/// Brings the ledger up to its router's history and reads it. A ledger that is damaged, full or of
/// another schema stands in nobody's way: then the history alone says what there was, and `trouble`
/// says why. Where nothing was ever upgraded no file is made.
[[nodiscard]] Account account_of(const Books& books);

/// The same without writing anything.
[[nodiscard]] Account look_at(const Books& books);

/// As `account_of`, with the entry of an upgrade that ends now, which goes into the ledger.
[[nodiscard]] Account account_with(const Books& books, const Entry& entry);

}  // namespace issu::ledger
