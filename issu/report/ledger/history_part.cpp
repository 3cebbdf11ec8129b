#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "issu/base/fd.hpp"
#include "issu/report/ledger/ledger.hpp"

namespace issu::ledger {

Result<HistoryPart> read_history_part(const std::filesystem::path& history, std::uint64_t from) {
  HistoryPart part;
  const Fd fd(::open(history.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) {
      return part;
    }
    return fail_errno("opening " + history.string());
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return fail_errno("reading " + history.string());
  }
  // What was taken in ends with a line's end; a history that does not is another one than before.
  const auto size = static_cast<std::uint64_t>(status.st_size);
  char before = '\n';
  if (from > size ||
      (from > 0 &&
       (::pread(fd.get(), &before, 1, static_cast<off_t>(from - 1)) != 1 || before != '\n'))) {
    from = 0;
  }
  std::string text(size - from, '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t count =
        ::pread(fd.get(), text.data() + have, text.size() - have, static_cast<off_t>(from + have));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail_errno("reading " + history.string());
    }
    if (count == 0) {
      break;
    }
    have += static_cast<std::size_t>(count);
  }
  text.resize(have);
  part.end = from;
  std::size_t at = 0;
  for (auto end = text.find('\n', at); end != std::string::npos; end = text.find('\n', at)) {
    const auto document =
        nlohmann::ordered_json::parse(text.data() + at, text.data() + end, nullptr, false);
    if (Entry entry = entry_of(document); !entry.id.empty()) {
      part.entries.push_back(std::move(entry));
    }
    at = end + 1;
    part.end = from + at;
  }
  return part;
}

}  // namespace issu::ledger
