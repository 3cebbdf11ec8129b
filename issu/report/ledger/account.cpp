#include "issu/report/ledger/account.hpp"

#include <algorithm>
#include <system_error>

#include "issu/report/ledger/ledger.hpp"

namespace issu::ledger {
namespace {

void merge(std::vector<Entry>& entries, const Entry& entry) {
  const auto same = std::find_if(entries.begin(), entries.end(), [&](const Entry& other) {
    return other.router == entry.router && other.id == entry.id && other.boot == entry.boot;
  });
  if (same == entries.end()) {
    entries.push_back(entry);
    entries.back().sequence = static_cast<std::int64_t>(entries.size());
    return;
  }
  const bool partial = same->partial || entry.partial;
  const auto sequence = same->sequence;
  *same = entry;
  same->partial = partial;
  same->sequence = sequence;
}

/// What can be read, whatever can't be written: the ledger's entries under those of the history.
Account without_writing(const Books& books, const Entry* entry, Error trouble) {
  Account account;
  account.trouble = std::move(trouble);
  if (auto ledger = Ledger::open_to_read(books.ledger); ledger) {
    if (auto entries = ledger->entries(books.router); entries) {
      account.entries = std::move(*entries);
    }
  }
  if (auto part = read_history_part(books.history, 0); part) {
    for (const Entry& each : part->entries) {
      merge(account.entries, each);
    }
  } else {
    account.whole = false;
    account.trouble->also(std::move(part).error());
  }
  if (entry != nullptr) {
    merge(account.entries, *entry);
  }
  return account;
}

Account settle(const Books& books, const Entry* entry) {
  auto ledger = Ledger::open(books.ledger);
  if (!ledger) {
    return without_writing(books, entry, std::move(ledger).error());
  }
  if (auto taken = ledger->take_in(books.history, entry); !taken) {
    return without_writing(books, entry, std::move(taken).error());
  }
  auto entries = ledger->entries(books.router);
  if (!entries) {
    return without_writing(books, entry, std::move(entries).error());
  }
  return {std::move(*entries), true, std::nullopt};
}

}  // namespace

Account account_of(const Books& books) {
  std::error_code error;
  if (!std::filesystem::exists(books.ledger, error) &&
      !std::filesystem::exists(books.history, error)) {
    return {};
  }
  return settle(books, nullptr);
}

Account look_at(const Books& books) {
  std::error_code error;
  if (!std::filesystem::exists(books.ledger, error)) {
    auto account = without_writing(books, nullptr, Error("there is no ledger yet"));
    if (account.whole) {
      account.trouble.reset();
    }
    return account;
  }
  auto ledger = Ledger::open_to_read(books.ledger);
  auto taken = ledger ? ledger->taken_in(books.history)
                      : Result<std::uint64_t>(fail(std::move(ledger).error()));
  auto entries = taken ? ledger->entries(books.router)
                       : Result<std::vector<Entry>>(fail(std::move(taken).error()));
  if (!entries) {
    return without_writing(books, nullptr, std::move(entries).error());
  }
  Account account{std::move(*entries), true, std::nullopt};
  if (auto part = read_history_part(books.history, *taken); part) {
    for (const Entry& each : part->entries) {
      merge(account.entries, each);
    }
  } else {
    account.whole = false;
    account.trouble = std::move(part).error();
  }
  return account;
}

Account account_with(const Books& books, const Entry& entry) {
  return settle(books, &entry);
}

}  // namespace issu::ledger
