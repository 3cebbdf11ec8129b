#include "issu/history.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/json.hpp"

namespace issu {
namespace {

constexpr std::uintmax_t largest_history = 1U << 30U;

}  // namespace

Result<History> read_history(const std::filesystem::path& file) {
  History history;
  if (!std::filesystem::exists(file)) {
    return history;
  }
  auto text = read_file(file, largest_history);
  if (!text) {
    return pass(std::move(text).error(), "reading the history");
  }
  std::size_t at = 0;
  while (at < text->size()) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    auto document = nlohmann::ordered_json::parse(text->begin() + static_cast<std::ptrdiff_t>(at),
                                                  text->begin() + static_cast<std::ptrdiff_t>(end),
                                                  nullptr, false);
    if (document.is_object()) {
      history.push_back(std::move(document));
    }
    at = end + 1;
  }
  return history;
}

Result<void> append_history(const std::filesystem::path& file,
                            const nlohmann::ordered_json& document) {
  auto history = read_history(file);
  if (!history) {
    return fail(std::move(history).error());
  }
  if (!history->empty() && value_of(history->back(), "id", "") == value_of(document, "id", "") &&
      value_of(history->back(), "outcome", "") == value_of(document, "outcome", "")) {
    return {};
  }
  const Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno("opening " + file.string());
  }
  auto text = read_file(file, largest_history);
  const std::size_t whole = text ? text->rfind('\n') + 1 : 0;  // npos + 1 is 0: no whole line
  if (::ftruncate(fd.get(), static_cast<off_t>(whole)) != 0 || ::lseek(fd.get(), 0, SEEK_END) < 0) {
    return fail_errno("cutting a torn line off " + file.string());
  }
  // Whatever a program has said of itself in a reason: a text that is no UTF-8 is told as far as it
  // is one.
  const std::string line =
      document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  // A disk that gets full takes a part, and says why only when it is asked for the rest.
  for (std::size_t at = 0; at < line.size();) {
    const ssize_t written = ::write(fd.get(), line.data() + at, line.size() - at);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return fail_errno("writing " + file.string(), "make room on its disk, then `issu resume`");
    }
    at += static_cast<std::size_t>(written);
  }
  if (::fsync(fd.get()) != 0) {
    return fail_errno("syncing " + file.string(), "make room on its disk, then `issu resume`");
  }
  return {};
}

Result<nlohmann::ordered_json> find_document(const History& history, const std::string& id) {
  if (history.empty()) {
    return fail("this router was never upgraded: there is no report",
                "`issu upgrade --image FILE` makes one");
  }
  if (id.empty() || id == "last") {
    return history.back();
  }
  for (const auto& document : history) {
    if (value_of(document, "id", "") == id) {
      return document;
    }
  }
  return fail("there is no upgrade " + id, "`issu history` lists them", ErrorKind::usage);
}

}  // namespace issu
