#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "issu/base/reasons.hpp"
#include "issu/image/key_file.hpp"
#include "issu/image/manifest.hpp"

namespace issu::image {
namespace {

constexpr std::string_view kImagePrefix = "image.";

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class ManifestReader {
 public:
  ManifestReader(const KeyFile& file, std::string name) : file_(file), name_(std::move(name)) {}

  Result<Manifest> read() && {
    update();
    format();
    hooks();
    for (const KeySection& section : file_.sections) {
      if (section.name.starts_with(kImagePrefix)) {
        image(section);
      }
    }
    meta();
    if (!reasons_.any()) {
      choose_payload();
    }
    ISSU_TRY(std::move(reasons_).result(), "reading the manifest");
    return std::move(manifest_);
  }

 private:
  void wrong(int line, const std::string& what, std::string hint = {}) {
    reasons_.add(
        line > 0 ? fmt::format("{}:{}: {}", name_, line, what) : fmt::format("{}: {}", name_, what),
        std::move(hint));
  }

  /// The value of a key that has to be there and not empty.
  const KeyLine* need(const KeySection& section, const char* key, const char* what) {
    const KeyLine* found = section.find(key);
    if (found == nullptr || found->value.empty()) {
      wrong(found == nullptr ? section.line : found->line,
            fmt::format("[{}] has no {}: {}", section.name, key, what));
      return nullptr;
    }
    return found;
  }

  void update() {
    const KeySection* section = file_.find("update");
    if (section == nullptr) {
      wrong(0, "there is no section [update]", "it says compatible and version");
      return;
    }
    if (const KeyLine* found = need(*section, "compatible", "which routers the image is for")) {
      manifest_.compatible = found->value;
    }
    if (const KeyLine* found = need(*section, "version", "of the routing software")) {
      manifest_.version = found->value;
      check_version(*found);
    }
    if (const KeyLine* found = section->find("description")) {
      manifest_.description = found->value;
    }
    if (const KeyLine* found = section->find("build")) {
      manifest_.build = found->value;
    }
  }

  void check_version(const KeyLine& found) {
    if (!is_version(found.value)) {
      wrong(found.line, fmt::format("{} '{}' is not a version: letters, digits and . _ - + ~ :, at "
                                    "most 64",
                                    found.key, found.value.substr(0, 80)));
    }
  }

  void format() {
    const KeySection* section = file_.find("bundle");
    const KeyLine* found = section == nullptr ? nullptr : section->find("format");
    if (found != nullptr && found->value != "plain") {
      wrong(found->line, "the bundle's format is " + found->value + ", only plain is taken",
            "build it again with format=plain under [bundle]");
    }
  }

  void hooks() {
    for (const char* name : {"hooks", "handler"}) {
      const KeySection* section = file_.find(name);
      if (section != nullptr && section->find("filename") != nullptr) {
        wrong(section->line,
              fmt::format("[{}] names a program of the bundle; none is ever run here", name),
              "build the bundle without it");
      }
    }
  }

  void image(const KeySection& section) {
    ImageEntry entry{section.name.substr(kImagePrefix.size()), {}, {}, 0, section.line};
    if (const KeyLine* found = need(section, "filename", "the payload beside the manifest")) {
      entry.filename = found->value;
      if (!is_plain_name(entry.filename) || entry.filename == kManifestName) {
        wrong(found->line,
              fmt::format("filename '{}' is not a plain file name", entry.filename.substr(0, 80)));
      }
    }
    if (const KeyLine* found = need(section, "sha256", "the payload's digest")) {
      entry.sha256 = found->value;
      if (!is_sha256(entry.sha256)) {
        wrong(found->line, "sha256 is not 64 hexadecimal digits in lower case");
      }
    }
    if (const KeyLine* found = need(section, "size", "the payload's bytes")) {
      const auto size = number_of<std::uint64_t>(found->value);
      if (!size || *size == 0) {
        wrong(found->line, fmt::format("size '{}' is not a number of bytes above 0",
                                       found->value.substr(0, 80)));
      }
      entry.size = size.value_or(0);
    }
    if (const KeyLine* found = section.find("hooks")) {
      wrong(found->line, "hooks of an image are never run here", "build the bundle without them");
    }
    manifest_.images.push_back(std::move(entry));
  }

  void meta() {
    const KeySection* section = file_.find("meta.issu");
    if (section == nullptr) {
      return;
    }
    if (const KeyLine* found = section->find("kind")) {
      const auto kind = kind_of(found->value);
      if (!kind) {
        wrong(found->line,
              fmt::format("kind '{}' is none of rootfs, kernel, disk", found->value.substr(0, 80)));
      }
      manifest_.kind = kind.value_or(Kind::rootfs);
      manifest_.kind_stated = true;
    }
    if (const KeyLine* found = section->find("architecture")) {
      manifest_.architecture = found->value;
    }
    if (const KeyLine* found = section->find("minimum-version")) {
      manifest_.minimum_version = found->value;
      check_version(*found);
    }
    manifest_.schemas_read = schemas(*section, "schemas-read");
    manifest_.schemas_written = schemas(*section, "schemas-written");
  }

  /// "1;2;3" or "1,2,3"
  std::vector<unsigned> schemas(const KeySection& section, const char* key) {
    std::vector<unsigned> list;
    const KeyLine* found = section.find(key);
    if (found == nullptr) {
      return list;
    }
    std::string_view rest = found->value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find_first_of(";,"), rest.size());
      const auto number = number_of<unsigned>(rest.substr(0, end));
      if (!number || list.size() == 64) {
        wrong(found->line, fmt::format("{} is not a list of at most 64 numbers like 1;2", key));
        return {};
      }
      list.push_back(*number);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return list;
  }

  void choose_payload() {
    const auto& images = manifest_.images;
    if (images.empty()) {
      wrong(0, "there is no section [image.…]", "an image has one payload at least");
      return;
    }
    if (images.size() > 1 && !manifest_.kind_stated) {
      wrong(0,
            fmt::format("there are {} images and no kind under [meta.issu] that says which one "
                        "is for the router",
                        images.size()),
            "add kind=rootfs (or kernel, disk) to [meta.issu]");
      return;
    }
    const auto named = std::find_if(images.begin(), images.end(), [&](const ImageEntry& each) {
      return each.name == manifest_.kind_text();
    });
    if (named == images.end() && images.size() > 1) {
      wrong(0, fmt::format("kind is {} and there is no section [image.{}]", manifest_.kind_text(),
                           manifest_.kind_text()));
      return;
    }
    manifest_.payload_index =
        named == images.end() ? 0 : static_cast<std::size_t>(named - images.begin());
  }

  const KeyFile& file_;
  std::string name_;
  Manifest manifest_;
  Reasons reasons_;
};

}  // namespace

Result<Manifest> read_manifest(std::string_view text, const std::string& name) {
  if (text.size() > kManifestLimit) {
    return fail(
        fmt::format("{} has {} bytes, more than {} KiB", name, text.size(), kManifestLimit >> 10U),
        "a manifest is a page of text: build the image again", ErrorKind::refused);
  }
  const auto file = read_key_file(text, name);
  if (!file) {
    return fail(file.error());
  }
  return ManifestReader(*file, name).read();
}

}  // namespace issu::image
