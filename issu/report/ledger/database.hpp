#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "issu/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace issu::ledger {

/// A prepared statement. Parameters and columns are counted from 0. What has no value is NULL, in
/// both directions.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  void bind(int parameter, std::string_view text);
  void bind(int parameter, std::int64_t number);
  void bind(int parameter, std::optional<double> number);
  void bind(int parameter, std::optional<std::uint64_t> number);

  /// The next row; false: there is none.
  Result<bool> step();
  /// Runs it to its end.
  Result<void> finish();
  /// Ready to be bound and run again.
  void reset();

  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::optional<double> number(int column) const;
  [[nodiscard]] std::optional<std::uint64_t> count(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, std::string file)
      : statement_(statement), file_(std::move(file)) {}
  sqlite3_stmt* statement_;
  std::string file_;
};

/// A SQLite database in one file. Its rollback journal and syncs before and after each commit keep
/// it whole whenever a process is killed or the power fails; a transaction is there or is not.
/// (When the power fails just after a commit, that one may be gone.)
class Database {
 public:
  /// Opens it; one that is not there is made, mode 0600. Waits up to 5 s for another process that
  /// writes.
  static Result<Database> open(const std::filesystem::path& file);
  /// Opens one that is there, to read. What a killed writer left half done is taken back, where the
  /// file can be written.
  static Result<Database> open_to_read(const std::filesystem::path& file);

  /// Runs statements that give no rows.
  Result<void> run(const std::string& sql);
  Result<Statement> prepare(std::string_view sql) const;
  /// The single number that a query gives.
  [[nodiscard]] Result<std::int64_t> ask(const std::string& sql) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Database(sqlite3* database, std::string file) : database_(database), file_(std::move(file)) {}
  static Result<Database> open_with(const std::filesystem::path& file, int flags);

  std::unique_ptr<sqlite3, Close> database_;
  std::string file_;
};

/// A transaction that writes: taken back at the end of its life unless it was committed.
class Transaction {
 public:
  /// Takes the database's write lock. The database outlives the transaction.
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  /// On disk when it returns.
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace issu::ledger
