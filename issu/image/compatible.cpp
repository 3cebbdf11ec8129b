#include <fmt/format.h>
#include <sys/utsname.h>

#include "issu/base/reasons.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image/version.hpp"

namespace issu::image {

std::string host_architecture() {
  utsname names{};
  if (::uname(&names) != 0) {
    return "unknown";
  }
  const std::string machine = names.machine;
  if (machine == "x86_64") {
    return "amd64";
  }
  return machine == "aarch64" ? "arm64" : machine;
}

Result<void> check_compatible(const Manifest& manifest, const std::string& name,
                              const Wanted& wanted) {
  Reasons reasons;
  if (manifest.compatible != wanted.compatible) {
    reasons.add(
        fmt::format("{} is for '{}', this router takes '{}'", name, manifest.compatible,
                    wanted.compatible),
        "use an image for this router, or correct `compatible` under [images] of router.toml");
  }
  const std::string here = wanted.architecture.empty() ? host_architecture() : wanted.architecture;
  if (!manifest.architecture.empty() && manifest.architecture != here) {
    reasons.add(fmt::format("{} is for the architecture {}, this machine is {}", name,
                            manifest.architecture, here),
                "use the image that was built for " + here);
  }
  if (!wanted.kind.empty() && manifest.kind_text() != wanted.kind) {
    reasons.add(
        fmt::format("{} holds a {}, a {} is needed here", name, manifest.kind_text(), wanted.kind),
        "use an image of kind " + wanted.kind);
  }
  if (!manifest.minimum_version.empty() && !wanted.running_version.empty() &&
      compare_versions(wanted.running_version, manifest.minimum_version) < 0) {
    reasons.add(fmt::format("{} follows version {} or later, {} runs", name,
                            manifest.minimum_version, wanted.running_version),
                "upgrade to " + manifest.minimum_version + " first");
  }
  return std::move(reasons).result();
}

Result<void> check_compatible(const VerifiedBundle& bundle, const Wanted& wanted) {
  return check_compatible(bundle.manifest(), bundle.path().string(), wanted);
}

}  // namespace issu::image
