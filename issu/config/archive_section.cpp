#include "issu/config/sections.hpp"

namespace issu::config {
namespace {

std::filesystem::path from_folder(const std::filesystem::path& folder, const std::string& path) {
  return path.empty() ? std::filesystem::path() : (folder / path).lexically_normal();
}

}  // namespace

void read_archive_section(StrictTable& document, const std::filesystem::path& folder,
                          RouterConfig& config) {
  config.archive.folder = config.router.state_dir / "checkpoints";
  auto section = document.table("archive");
  if (!section) {
    return;
  }
  if (section->has("folder")) {
    config.archive.folder = from_folder(folder, section->required_text("folder"));
  }
  // Whether these files are there is asked when they are needed: a router without them can do
  // everything else.
  config.archive.key_file = from_folder(folder, section->text("key_file"));
  config.archive.certificate = from_folder(folder, section->text("certificate"));
  config.archive.signing_key = from_folder(folder, section->text("signing_key"));
  if (config.archive.certificate.empty() != config.archive.signing_key.empty()) {
    section->refuse(config.archive.certificate.empty() ? "signing_key" : "certificate",
                    "stands alone: who signs has a certificate and a key to it",
                    "name certificate and signing_key, or neither");
  }
  section->finish();
}

}  // namespace issu::config
