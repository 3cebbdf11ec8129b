#include "issu/image/info.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace issu::image {
namespace {

using Json = nlohmann::ordered_json;

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1U << 20U));
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

void line(std::string& text, std::string_view name, const std::string& value) {
  if (!value.empty()) {
    text += fmt::format("{:<14} {}\n", name, value);
  }
}

}  // namespace

std::string info_text(const std::string& path, std::uint64_t file_size, const Manifest& manifest,
                      const signing::Signer* signer) {
  std::string text;
  line(text, "image", fmt::format("{} ({})", path, mebibytes(file_size)));
  line(text, "compatible", manifest.compatible);
  line(text, "version", manifest.version);
  line(text, "description", manifest.description);
  line(text, "build", manifest.build);
  line(text, "kind",
       manifest.kind_text() + (manifest.kind_stated ? "" : " (not stated; it is the only image)"));
  line(text, "architecture", manifest.architecture.empty() ? "not stated" : manifest.architecture);
  line(text, "follows",
       manifest.minimum_version.empty() ? "" : manifest.minimum_version + " or later");
  line(text, "reads state", fmt::format("{}", fmt::join(manifest.schemas_read, ", ")));
  line(text, "writes state", fmt::format("{}", fmt::join(manifest.schemas_written, ", ")));
  for (const ImageEntry& image : manifest.images) {
    line(text, "payload",
         fmt::format("{} ({}), sha256 {}", image.filename, mebibytes(image.size), image.sha256));
  }
  if (signer == nullptr) {
    line(text, "signature", "NOT VERIFIED: name a keyring");
    return text;
  }
  line(text, "signed by", signer->subject);
  line(text, "vouched by", signer->issuer);
  line(text, "valid", signer->not_before + " to " + signer->not_after);
  return text;
}

std::string info_json(const std::string& path, std::uint64_t file_size, const Manifest& manifest,
                      const signing::Signer* signer) {
  Json json{{"file", path},
            {"size", file_size},
            {"verified", signer != nullptr},
            {"compatible", manifest.compatible},
            {"version", manifest.version},
            {"description", text_or_null(manifest.description)},
            {"build", text_or_null(manifest.build)},
            {"kind", manifest.kind_text()},
            {"kind_stated", manifest.kind_stated},
            {"architecture", text_or_null(manifest.architecture)},
            {"minimum_version", text_or_null(manifest.minimum_version)},
            {"schemas_read", manifest.schemas_read},
            {"schemas_written", manifest.schemas_written},
            {"images", Json::array()},
            {"signer", nullptr}};
  for (const ImageEntry& image : manifest.images) {
    json["images"].push_back({{"name", image.name},
                              {"filename", image.filename},
                              {"size", image.size},
                              {"sha256", image.sha256}});
  }
  if (signer != nullptr) {
    json["signer"] = {{"subject", signer->subject},
                      {"issuer", signer->issuer},
                      {"not_before", signer->not_before},
                      {"not_after", signer->not_after},
                      {"fingerprint", signer->fingerprint}};
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace issu::image
