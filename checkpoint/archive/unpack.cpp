#include "checkpoint/archive/unpack.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "issu/base/file.hpp"

namespace issu::archive {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20U;

/// A folder that is taken away again unless it was kept.
class Unfinished {
 public:
  explicit Unfinished(std::filesystem::path path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (!path_.empty()) {
      static_cast<void>(remove_tree(path_));
    }
  }
  void keep() { path_.clear(); }

 private:
  std::filesystem::path path_;
};

/// The folder that an entry lies in, opened part by part, no link followed.
Result<Fd> parent_of(const Fd& top, std::string_view& name) {
  Fd folder(::dup(top.get()));
  for (auto slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/')) {
    const std::string part(name.substr(0, slash));
    folder =
        Fd(::openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
      return fail_errno("opening the folder " + part);
    }
    name.remove_prefix(slash + 1);
  }
  if (!folder) {
    return fail_errno("opening a folder");
  }
  return folder;
}

Result<void> write_all(const Fd& file, Bytes bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return fail_errno("writing " + name);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  return {};
}

Result<void> bring_out(Reader& reader, const Entry& entry, const Fd& top, Secret& buffer) {
  std::string_view name = entry.name;
  const auto folder = parent_of(top, name);
  if (!folder) {
    return fail(folder.error());
  }
  const std::string last(name);
  if (entry.folder) {
    if (::mkdirat(folder->get(), last.c_str(), 0700) != 0) {
      return fail_errno("creating the folder " + entry.name);
    }
    return {};
  }
  const Fd file(::openat(folder->get(), last.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) {
    return fail_errno("creating " + entry.name);
  }
  for (std::uint64_t left = entry.bytes; left > 0;) {
    const auto piece = buffer.span().first(std::min<std::uint64_t>(left, buffer.size()));
    ISSU_TRY(reader.read(piece), "");
    ISSU_TRY(write_all(file, piece, entry.name), "");
    left -= piece.size();
  }
  if (::fsync(file.get()) != 0) {
    return fail_errno("syncing " + entry.name);
  }
  return {};
}

Result<void> sync_folder(const std::filesystem::path& path) {
  const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) {
    return fail_errno("syncing the folder " + path.string());
  }
  return {};
}

}  // namespace

Result<Index> read_index(Reader& reader, const std::string& name) {
  unsigned char bytes[index_size_bytes] = {};
  ISSU_TRY(reader.read(bytes), "reading the index of " + name);
  std::uint64_t size = 0;
  for (std::size_t i = index_size_bytes; i-- > 0;) {
    size = size << 8U | bytes[i];
  }
  if (size > most_index_bytes || size > reader.left()) {
    return fail(name + " can't be read: its index is longer than an index is",
                "take another archive", ErrorKind::refused);
  }
  Secret text(size);
  ISSU_TRY(reader.read(text.span()), "reading the index of " + name);
  auto index =
      decode_index({reinterpret_cast<const char*>(text.span().data()), size}, reader.left());
  if (!index) {
    return pass(std::move(index).error(), "reading the index of " + name);
  }
  return index;
}

Result<void> check_contents(Reader& reader, const Index& index) {
  Secret buffer(piece_bytes);
  for (std::uint64_t left = index.bytes(); left > 0;) {
    const auto piece = buffer.span().first(std::min<std::uint64_t>(left, buffer.size()));
    ISSU_TRY(reader.read(piece), "");
    left -= piece.size();
  }
  return {};
}

Result<void> unpack(Reader& reader, const Index& index, const std::filesystem::path& folder) {
  const std::string what = "unpacking into " + folder.string();
  struct stat status {};
  if (::lstat(folder.c_str(), &status) == 0) {
    return fail(folder.string() + " is there already", "name a folder that is not",
                ErrorKind::refused);
  }
  const std::filesystem::path beside = folder.string() + ".part";
  // Of an earlier attempt that was killed.
  ISSU_TRY(remove_tree(beside), what);
  if (::mkdir(beside.c_str(), 0700) != 0) {
    return fail_errno(what + ": creating " + beside.string());
  }
  Unfinished unfinished(beside);
  const Fd top(::open(beside.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top || ::fchmod(top.get(), 0700) != 0) {
    return fail_errno(what + ": opening " + beside.string());
  }
  Secret buffer(piece_bytes);
  for (const Entry& entry : index.entries) {
    ISSU_TRY(bring_out(reader, entry, top, buffer), what);
  }
  for (const Entry& entry : index.entries) {
    if (entry.folder) {
      ISSU_TRY(sync_folder(beside / entry.name), what);
    }
  }
  ISSU_TRY(sync_folder(beside), what);
  if (::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, folder.c_str(), RENAME_NOREPLACE) != 0) {
    return fail_errno(what + ": naming it");
  }
  unfinished.keep();
  return sync_folder(folder.has_parent_path() ? folder.parent_path() : ".");
}

}  // namespace issu::archive
