#include "checkpoint/archive/pack.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace issu::archive {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20U;

/// Entries and where each file is; both in one order.
struct Listing {
  std::vector<Entry> entries;
  std::vector<std::filesystem::path> paths;
};

Result<void> list(const std::string& name, const std::filesystem::path& path, Listing& listing) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return fail_errno("looking at " + path.string());
  }
  ISSU_TRY(check_name(name), "packing " + path.string());
  if (listing.entries.size() == most_entries) {
    return fail("there are more than " + std::to_string(most_entries) + " files and folders in it");
  }
  if (S_ISREG(status.st_mode)) {
    listing.entries.push_back({name, false, static_cast<std::uint64_t>(status.st_size)});
    listing.paths.push_back(path);
    return {};
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(path.string() + " is neither a file nor a folder: an archive holds nothing else",
                S_ISLNK(status.st_mode) ? "put the file itself there, instead of a link to it"
                                        : "move it away",
                ErrorKind::refused);
  }
  listing.entries.push_back({name, true, 0});
  listing.paths.push_back(path);
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(path, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename());
  }
  if (error) {
    return fail("listing " + path.string() + ": " + error.message());
  }
  std::sort(names.begin(), names.end());
  for (const std::string& each : names) {
    ISSU_TRY(list(name + "/" + each, path / each, listing), "");
  }
  return {};
}

Result<void> copy_in(const std::filesystem::path& path, std::uint64_t bytes, Secret& buffer,
                     Writer& writer) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) {
    return fail_errno("opening " + path.string());
  }
  for (std::uint64_t left = bytes;;) {
    const ssize_t got = ::read(file.get(), buffer.span().data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail_errno("reading " + path.string());
    }
    const auto count = static_cast<std::uint64_t>(got);
    if (count > left || (count == 0 && left > 0)) {
      return fail(path.string() + " changed while it was packed", "try again");
    }
    if (count == 0) {
      return {};
    }
    left -= count;
    ISSU_TRY(writer.write(buffer.span().first(count)), "");
  }
}

Result<void> write_index(const Index& index, Writer& writer) {
  const std::string text = encode_index(index);
  if (text.size() > most_index_bytes) {
    return fail("there are too many files and folders in it");
  }
  unsigned char size[index_size_bytes];
  for (std::size_t i = 0; i < index_size_bytes; ++i) {
    size[i] = static_cast<unsigned char>(text.size() >> (8 * i));
  }
  ISSU_TRY(writer.write(size), "");
  return writer.write({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

}  // namespace

Result<void> check_sources(const std::vector<Source>& sources) {
  Listing listing;
  for (const Source& source : sources) {
    ISSU_TRY(list(source.name, source.path, listing), "");
  }
  return {};
}

Result<Packed> pack(const std::filesystem::path& file, const Manifest& manifest,
                    const std::vector<Source>& sources, const Key& key, const SignedBy& signer,
                    const Writer::Options& options) {
  Listing listing;
  for (const Source& source : sources) {
    ISSU_TRY(list(source.name, source.path, listing), "packing an archive");
  }
  auto writer = Writer::create(file, key, options);
  if (!writer) {
    return fail(std::move(writer).error());
  }
  const Index index{manifest, listing.entries};
  ISSU_TRY(write_index(index, *writer), "writing " + file.string());
  Packed packed;
  Secret buffer(piece_bytes);
  for (std::size_t i = 0; i < listing.entries.size(); ++i) {
    if (!listing.entries[i].folder) {
      ISSU_TRY(copy_in(listing.paths[i], listing.entries[i].bytes, buffer, *writer),
               "writing " + file.string());
      ++packed.files;
    }
  }
  ISSU_TRY(writer->finish(signer), "");
  packed.bytes = index.bytes();
  std::error_code ignored;
  packed.file_bytes = std::filesystem::file_size(file, ignored);
  return packed;
}

}  // namespace issu::archive
