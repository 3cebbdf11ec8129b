#include "issu/image/squashfs.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "issu/base/child.hpp"
#include "issu/base/reasons.hpp"
#include "issu/image/manifest.hpp"

namespace issu::image {
namespace {

constexpr std::string_view kTop = "squashfs-root";
constexpr auto kPatience = std::chrono::minutes(10);

RunOptions patient() {
  RunOptions options;
  options.timeout = kPatience;
  return options;
}

/// unsquashfs on a file that a stranger may have made: it reads it as its standard input, has no
/// power of root's, and writes nothing but to what it is given.
Result<std::string> unsquash(const std::filesystem::path& squashfs, Argv words,
                             const Fd* into = nullptr) {
  const Fd file(::open(squashfs.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return fail_errno("opening " + squashfs.string());
  }
  RunOptions options = patient();
  options.stdin_file = &file;
  options.stdout_file = into;
  options.powerless = true;
  Argv argv{"unsquashfs", "-no-progress"};
  argv.insert(argv.end(), words.begin(), words.end());
  return run_checked(argv, options);
}

/// Where it finds that file.
constexpr const char* kItsInput = "/proc/self/fd/0";

const char* type_name(char type) {
  switch (type) {
    case 'd':
      return "a folder";
    case 'l':
      return "a symbolic link";
    case 'b':
    case 'c':
      return "a device";
    case 'p':
      return "a pipe";
    case 's':
      return "a socket";
    default:
      return "not a regular file";
  }
}

/// One line of `unsquashfs -lln`: mode, owner, size (or device numbers), date, time, name.
struct Line {
  char type = '?';
  std::string name;  ///< below the top; empty for the top itself
  std::uint64_t size = 0;
};

std::optional<Line> parse_line(const std::string& text) {
  const auto root = text.find(kTop);
  if (text.size() < 10 || root == std::string::npos) {
    return std::nullopt;
  }
  Line line{text[0], text.substr(root + kTop.size()), 0};
  if (line.name.starts_with('/')) {
    line.name.erase(0, 1);
  }
  std::istringstream words(text.substr(0, root));
  std::string mode;
  std::string owner;
  std::string size;
  words >> mode >> owner >> size;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), line.size);
  if (line.type == '-' && (error != std::errc() || end != size.data() + size.size())) {
    return std::nullopt;
  }
  return line;
}

/// What of it may be said aloud: no control characters, not too long.
std::string printable(const std::string& text) {
  std::string shown;
  for (const char byte : text.substr(0, 80)) {
    shown += byte >= ' ' && byte < 127 ? byte : '?';
  }
  return shown;
}

/// mksquashfs takes times from the environment or from options, and refuses both together.
void fix_times(Argv& argv) {
  if (std::getenv("SOURCE_DATE_EPOCH") == nullptr) {
    argv.insert(argv.end(), {"-mkfs-time", "0"});
  }
}

}  // namespace

Result<std::vector<Entry>> list_plain(const std::filesystem::path& squashfs,
                                      const std::string& shown) {
  auto listing = unsquash(squashfs, {"-lln", kItsInput});
  if (!listing) {
    return fail(std::move(listing).error().within("listing " + shown).as(ErrorKind::refused));
  }
  std::vector<Entry> entries;
  Reasons reasons;
  const std::string hint = "build the image again: it holds the manifest and its payload only";
  std::istringstream lines(*listing);
  for (std::string text; std::getline(lines, text);) {
    if (text.empty()) {
      continue;
    }
    const auto line = parse_line(text);
    if (!line) {
      reasons.add(fmt::format("{} has an entry that can't be read: '{}'", shown, printable(text)),
                  hint);
    } else if (line->name.empty() && line->type == 'd') {
      continue;
    } else if (line->type != '-') {
      reasons.add(fmt::format("{} holds {}, which is {}: only files may lie in a bundle", shown,
                              printable(line->name), type_name(line->type)),
                  hint);
    } else if (!is_plain_name(line->name)) {
      reasons.add(fmt::format("{} holds a file whose name is not plain: '{}'", shown,
                              printable(line->name)),
                  hint);
    } else {
      entries.push_back({line->name, line->size});
    }
  }
  ISSU_TRY(std::move(reasons).result(), "looking into the image");
  return entries;
}

Result<std::string> read_entry(const std::filesystem::path& squashfs, const std::string& name) {
  return unsquash(squashfs, {"-no-wildcards", "-cat", kItsInput, name});
}

Result<void> extract_entry(const std::filesystem::path& squashfs, const std::string& name,
                           const std::filesystem::path& folder) {
  const std::filesystem::path place = folder / name;
  const Fd file(::open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) {
    return fail_errno("creating " + place.string());
  }
  auto said = unsquash(squashfs, {"-no-wildcards", "-cat", kItsInput, name}, &file);
  if (!said) {
    return pass(std::move(said).error(), "extracting " + name);
  }
  return {};
}

Result<void> pack_rootfs(const std::filesystem::path& folder, const std::filesystem::path& file) {
  Argv argv{"mksquashfs", folder.string(), file.string(), "-noappend",           "-no-progress",
            "-quiet",     "-comp",         "zstd",        "-Xcompression-level", "9",
            "-all-root",  "-no-xattrs"};
  fix_times(argv);
  ISSU_TRY(run_checked(argv, patient()), "making the payload from " + folder.string());
  return {};
}

Result<void> pack_bundle(const std::filesystem::path& folder, const std::filesystem::path& file) {
  Argv argv{"mksquashfs",   folder.string(), file.string(), "-noappend",
            "-no-progress", "-quiet",        "-noD",        "-noF",
            "-noI",         "-noX",          "-all-root",   "-no-xattrs"};
  if (std::getenv("SOURCE_DATE_EPOCH") == nullptr) {
    argv.insert(argv.end(), {"-all-time", "0"});
  }
  fix_times(argv);
  ISSU_TRY(run_checked(argv, patient()), "making the bundle");
  return {};
}

}  // namespace issu::image
