#include "issu/cli/checkpoint_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace issu::cli {
namespace {

using nlohmann::ordered_json;

std::string size_text(std::uint64_t bytes) {
  return bytes < 10'000 ? fmt::format("{} bytes", bytes)
                        : fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1U << 20U));
}

/// Each top folder or file of an archive, with what is in it.
ordered_json parts_of(const archive::Index& index) {
  ordered_json parts = ordered_json::array();
  for (const archive::Entry& entry : index.entries) {
    const std::string part = entry.name.substr(0, entry.name.find('/'));
    if (parts.empty() || parts.back()["name"] != part) {
      parts.push_back({{"name", part}, {"files", std::uint64_t{0}}, {"bytes", std::uint64_t{0}}});
    }
    if (!entry.folder) {
      parts.back()["files"] = parts.back()["files"].get<std::uint64_t>() + 1;
      parts.back()["bytes"] = parts.back()["bytes"].get<std::uint64_t>() + entry.bytes;
    }
  }
  return parts;
}

const char* part_meaning(const std::string& name) {
  return name == "state"          ? "the daemons' memory, connections and files"
         : name == "config"       ? "the daemons' configuration"
         : name == "npu.state"    ? "the NPU's tables"
         : name == "kernel.state" ? "next hops and routes of the chassis' kernel"
                                  : "";
}

std::string number(const ordered_json& value) {
  return value.is_null() ? "not known" : value.dump();
}

std::string text_of_manifest(const ordered_json& json) {
  const auto& m = json["manifest"];
  const auto text = [](const ordered_json& value) { return value.get<std::string>(); };
  std::string said = fmt::format("router:     {}, slot {}\n", text(m["router"]), text(m["slot"]));
  said += fmt::format("made:       {} by issu {}\n", text(m["made"]), text(m["program"]));
  said +=
      fmt::format("daemons:    {} {}: {}\n", text(m["suite"]["name"]), text(m["suite"]["version"]),
                  fmt::join(m["suite"]["daemons"].get<std::vector<std::string>>(), ", "));
  said += fmt::format("image:      {} {} for {}, sha256 {}\n", text(m["image"]["kind"]),
                      text(m["image"]["version"]), text(m["image"]["compatible"]),
                      text(m["image"]["sha256"]));
  said += fmt::format("machine:    {}, {}, kernel {}, CRIU {}\n", text(m["machine"]["host"]),
                      text(m["machine"]["architecture"]), text(m["machine"]["kernel"]),
                      text(m["machine"]["criu_version"]));
  said += fmt::format("sessions:   {} established of {}, {} routes\n",
                      number(m["sessions"]["established"]), number(m["sessions"]["known"]),
                      number(m["routes"]));
  std::string conditions;
  for (const auto& [kind, count] : m["conditioner"].items()) {
    conditions += fmt::format("{}{} {}", conditions.empty() ? "" : ", ", count.dump(), kind);
  }
  said += fmt::format("conditions: {}\n", conditions.empty() ? "none" : conditions);
  said += fmt::format("NPU:        driver {}, {}\n", text(m["npu"]["driver"]),
                      m["npu"]["snapshot"].get<bool>()
                          ? "with a snapshot of its tables"
                          : "no snapshot: its tables are those of the kernel");
  if (!m["dark_ms"].is_null()) {
    said += fmt::format("dark:       {:.0f} ms of the control plane, to save it\n",
                        m["dark_ms"].get<double>());
  }
  for (const auto& part : json["parts"]) {
    said += fmt::format(
        "{:<11} {} files, {}  {}\n", text(part["name"]) + ":", part["files"].get<std::uint64_t>(),
        size_text(part["bytes"].get<std::uint64_t>()), part_meaning(text(part["name"])));
  }
  return said;
}

}  // namespace

ordered_json archive_json(const std::string& file, const archive::Layout& layout,
                          const archive::SignedArchive* signed_archive,
                          const archive::Index* index) {
  const bool passphrase = layout.header.key_source == archive::KeySource::passphrase;
  ordered_json signer = nullptr;
  if (signed_archive != nullptr) {
    const auto& by = signed_archive->signer();
    signer = {{"subject", by.subject},
              {"issuer", by.issuer},
              {"not_before", by.not_before},
              {"not_after", by.not_after},
              {"fingerprint", by.fingerprint}};
  }
  return {{"file", file},
          {"format", archive::format_version},
          {"key", passphrase ? "passphrase" : "key file"},
          {"file_bytes", layout.file_bytes},
          {"plain_bytes", layout.trailer.plain_bytes},
          {"signer", signer},
          {"opened", index != nullptr},
          {"manifest", index == nullptr ? ordered_json(nullptr) : to_json(index->manifest)},
          {"parts", index == nullptr ? ordered_json(nullptr) : parts_of(*index)}};
}

std::string archive_text(const ordered_json& json) {
  std::string said = fmt::format(
      "{}: checkpoint of a route processor, format {}, {}, encrypted with a {}\n",
      json["file"].get<std::string>(), json["format"].get<unsigned>(),
      size_text(json["file_bytes"].get<std::uint64_t>()), json["key"].get<std::string>());
  if (json["signer"].is_null()) {
    said += "signed by:  not looked at: --keyring FILE or -f router.toml says who may sign\n";
  } else {
    said += fmt::format("signed by:  {} (issued by {}, valid until {})\n",
                        json["signer"]["subject"].get<std::string>(),
                        json["signer"]["issuer"].get<std::string>(),
                        json["signer"]["not_after"].get<std::string>());
  }
  if (!json["opened"].get<bool>()) {
    return said + "contents:   not to be told without its key (--key-file, --passphrase)\n";
  }
  return said + text_of_manifest(json);
}

}  // namespace issu::cli
