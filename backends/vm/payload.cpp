#include "backends/vm/payload.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::vm {
namespace {

namespace fs = std::filesystem;

std::string text_of(const nlohmann::json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

constexpr const char* build_again = "build the image again, with a qcow2 that is whole in itself";

}  // namespace

Result<void> check_disk(const fs::path& payload) {
  auto info = run_checked({"qemu-img", "info", "--output=json", payload.string()});
  if (!info) {
    return fail(std::move(info).error());
  }
  return check_disk_info(*info, payload.string());
}

Result<void> check_disk_info(const std::string& info, const std::string& name) {
  const auto json = nlohmann::json::parse(info, nullptr, false);
  const std::string format = text_of(json, "format");
  if (format != "qcow2") {
    return fail(name + " is not a disk: qemu-img says " +
                    (format.empty() ? "nothing of its format" : "its format is " + format) +
                    ", a qcow2 is needed",
                build_again);
  }
  for (const char* key : {"backing-filename", "full-backing-filename"}) {
    if (json.contains(key)) {
      return fail(name + " needs another file to be whole: " + text_of(json, key), build_again);
    }
  }
  const auto data = nlohmann::json::json_pointer("/format-specific/data/data-file");
  if (json.contains(data)) {
    return fail(name + " keeps its data in another file", build_again);
  }
  return {};
}

KernelFiles kernel_files(const fs::path& folder) {
  return {folder / "vmlinuz", folder / "initrd.img"};
}

Result<void> extract_kernel(const fs::path& payload, const fs::path& folder) {
  const std::string what = "taking the kernel out of " + payload.string();
  ISSU_TRY(remove_tree(folder), what);
  ISSU_TRY(run_checked({"unsquashfs", "-no-progress", "-no-xattrs", "-quiet", "-processors", "1",
                        "-dest", folder.string(), payload.string(), "vmlinuz", "initrd.img"}),
           what);
  const KernelFiles files = kernel_files(folder);
  for (const fs::path& file : {files.kernel, files.initrd}) {
    std::error_code error;
    const auto status = fs::symlink_status(file, error);
    if (status.type() != fs::file_type::regular || fs::file_size(file, error) == 0) {
      return fail(payload.string() + " holds no " + file.filename().string(),
                  "an image of kind kernel has vmlinuz, initrd.img and modules at its top");
    }
  }
  return {};
}

}  // namespace issu::backends::vm
