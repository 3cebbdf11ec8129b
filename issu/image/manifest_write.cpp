#include <fmt/format.h>

#include <algorithm>

#include "issu/image/key_file.hpp"
#include "issu/image/manifest.hpp"

namespace issu::image {
namespace {

void put(std::string& text, std::string_view key, const std::string& value) {
  if (!value.empty()) {
    text += fmt::format("{}={}\n", key, escape_value(value));
  }
}

std::string joined(const std::vector<unsigned>& numbers) {
  return fmt::format("{}", fmt::join(numbers, ";"));
}

bool is_one_of(char byte, std::string_view others) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || others.find(byte) != std::string_view::npos;
}

}  // namespace

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kernel:
      return "kernel";
    case Kind::disk:
      return "disk";
    case Kind::rootfs:
      break;
  }
  return "rootfs";
}

std::optional<Kind> kind_of(std::string_view name) {
  for (const Kind kind : {Kind::rootfs, Kind::kernel, Kind::disk}) {
    if (name == name_of(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](char byte) { return is_one_of(byte, "._-+"); });
}

bool is_version(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char byte) { return is_one_of(byte, "._-+~:"); });
}

std::string write_manifest(const Manifest& manifest) {
  std::string text = "[update]\n";
  put(text, "compatible", manifest.compatible);
  put(text, "version", manifest.version);
  put(text, "description", manifest.description);
  put(text, "build", manifest.build);
  text += "\n[bundle]\nformat=plain\n";
  for (const ImageEntry& image : manifest.images) {
    text += fmt::format("\n[image.{}]\nsha256={}\nsize={}\n", image.name, image.sha256, image.size);
    put(text, "filename", image.filename);
  }
  text += "\n[meta.issu]\n";
  put(text, "kind", manifest.kind_text());
  put(text, "architecture", manifest.architecture);
  put(text, "minimum-version", manifest.minimum_version);
  put(text, "schemas-read", joined(manifest.schemas_read));
  put(text, "schemas-written", joined(manifest.schemas_written));
  return text;
}

}  // namespace issu::image
