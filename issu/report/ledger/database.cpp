#include "issu/report/ledger/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include <utility>

#include "issu/base/fd.hpp"

namespace issu::ledger {
namespace {

constexpr int patience_ms = 5000;

/// What SQLite says of a failure, with what a person can do.
tl::unexpected<Error> failure(int code, const std::string& says, const std::string& file) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return fail(file + ": no room is left on its disk", "make room there");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return fail(
          file + " is damaged, or no ledger: " + says,
          "move it away; a router's ledger is made anew from its history by `issu sla show`");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(file + " was being written by another process for 5 s", "try again");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return fail(file + " can't be opened or written: " + says,
                  "look at its folder, its mode and its disk");
    default:
      return fail(file + ": " + says);
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), file_(std::move(other.file_)) {}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

// A failed bind (no memory) shows as an error of the step that follows, or binds NULL.
void Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_, parameter + 1, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
}
void Statement::bind(int parameter, std::int64_t number) {
  sqlite3_bind_int64(statement_, parameter + 1, number);
}
void Statement::bind(int parameter, std::optional<double> number) {
  if (number) {
    sqlite3_bind_double(statement_, parameter + 1, *number);
  } else {
    sqlite3_bind_null(statement_, parameter + 1);
  }
}
void Statement::bind(int parameter, std::optional<std::uint64_t> number) {
  if (number) {
    sqlite3_bind_int64(statement_, parameter + 1, static_cast<std::int64_t>(*number));
  } else {
    sqlite3_bind_null(statement_, parameter + 1);
  }
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW || code == SQLITE_DONE) {
    return code == SQLITE_ROW;
  }
  return failure(code, sqlite3_errmsg(sqlite3_db_handle(statement_)), file_);
}

Result<void> Statement::finish() {
  for (;;) {
    auto row = step();
    if (!row) {
      return fail(std::move(row).error());
    }
    if (!*row) {
      return {};
    }
  }
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return bytes == nullptr
             ? std::string()
             : std::string(bytes,
                           static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::optional<double> Statement::number(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL
             ? std::nullopt
             : std::optional(sqlite3_column_double(statement_, column));
}

std::optional<std::uint64_t> Statement::count(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL
             ? std::nullopt
             : std::optional(static_cast<std::uint64_t>(integer(column)));
}

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Result<Database> Database::open_with(const std::filesystem::path& file, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw, file.string());
  if (code != SQLITE_OK) {
    return failure(code, raw == nullptr ? "no memory" : sqlite3_errmsg(raw), file.string());
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, patience_ms);
  return database;
}

Result<Database> Database::open(const std::filesystem::path& file) {
  {
    // SQLite would make it readable for all; its own journal takes the mode of the file.
    const Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) {
      return fail_errno("opening " + file.string(), "look at its folder, its mode and its disk");
    }
  }
  auto database = open_with(file, SQLITE_OPEN_READWRITE);
  if (database) {
    ISSU_TRY(database->run("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;"), "");
  }
  return database;
}

Result<Database> Database::open_to_read(const std::filesystem::path& file) {
  // SQLite opens what is write-protected read-only by itself.
  return open_with(file, SQLITE_OPEN_READWRITE);
}

Result<void> Database::run(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return failure(code, sqlite3_errmsg(database_.get()), file_);
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) {
    return failure(code, sqlite3_errmsg(database_.get()), file_);
  }
  return Statement(statement, file_);
}

Result<std::int64_t> Database::ask(const std::string& sql) const {
  auto statement = prepare(sql);
  if (!statement) {
    return fail(std::move(statement).error());
  }
  auto row = statement->step();
  if (!row) {
    return fail(std::move(row).error());
  }
  return *row ? statement->integer(0) : 0;
}

Result<Transaction> Transaction::begin(Database& database) {
  ISSU_TRY(database.run("BEGIN IMMEDIATE"), "");
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) {
    (void)database_->run("ROLLBACK");
  }
}

Result<void> Transaction::commit() {
  ISSU_TRY(database_->run("COMMIT"), "");
  database_ = nullptr;
  return {};
}

}  // namespace issu::ledger
