/// In place of squashfs.cpp: a bundle's files one after the other, without a program to start for
/// each look into it. Signature, manifest and digests are the product's own.

#include <sstream>

#include "issu/base/file.hpp"
#include "issu/image/squashfs.hpp"

namespace issu::image {
namespace {

/// Of a squashfs: what a bundle has to begin with.
constexpr std::size_t header = 96;
constexpr std::size_t inodes_at = 4;
constexpr std::size_t used_at = 40;

void put(std::string& bytes, std::size_t at, std::uint64_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, number >>= 8U) {
    bytes[at + i] = static_cast<char>(number & 0xFFU);
  }
}

struct File {
  std::string name;
  std::string text;
};

Result<std::vector<File>> read_files(const std::filesystem::path& bundle) {
  auto bytes = read_file(bundle);
  if (!bytes) {
    return fail(std::move(bytes).error());
  }
  std::istringstream rest(bytes->substr(header));
  std::size_t count = 0;
  rest >> count;
  std::vector<File> files(count);
  for (File& file : files) {
    std::size_t size = 0;
    rest >> file.name >> size;
    rest.get();
    file.text.resize(size);
    rest.read(file.text.data(), static_cast<std::streamsize>(size));
  }
  return files;
}

}  // namespace

Result<std::vector<Entry>> list_plain(const std::filesystem::path& squashfs,
                                      const std::string& /*shown*/) {
  auto files = read_files(squashfs);
  if (!files) {
    return fail(std::move(files).error());
  }
  std::vector<Entry> entries;
  for (const File& file : *files) {
    entries.push_back({file.name, file.text.size()});
  }
  return entries;
}

Result<std::string> read_entry(const std::filesystem::path& squashfs, const std::string& name) {
  auto files = read_files(squashfs);
  if (!files) {
    return fail(std::move(files).error());
  }
  for (const File& file : *files) {
    if (file.name == name) {
      return file.text;
    }
  }
  return fail("there is no " + name);
}

Result<void> extract_entry(const std::filesystem::path& squashfs, const std::string& name,
                           const std::filesystem::path& folder) {
  auto text = read_entry(squashfs, name);
  return text ? write_file_atomic(folder / name, *text) : fail(std::move(text).error());
}

Result<void> pack_rootfs(const std::filesystem::path& /*folder*/,
                         const std::filesystem::path& /*file*/) {
  return fail("only files are packed here");
}

Result<void> pack_bundle(const std::filesystem::path& folder, const std::filesystem::path& file) {
  std::vector<File> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back({entry.path().filename().string(), *read_file(entry.path())});
  }
  std::string bytes(header, '\0');
  bytes.replace(0, 4, "hsqs");
  put(bytes, inodes_at, files.size() + 1, 4);
  bytes += std::to_string(files.size()) + "\n";
  for (const File& each : files) {
    bytes += each.name + " " + std::to_string(each.text.size()) + "\n" + each.text;
  }
  put(bytes, used_at, bytes.size(), 8);
  bytes.resize((bytes.size() + 4095) / 4096 * 4096);
  return write_file_atomic(file, bytes);
}

}  // namespace issu::image
