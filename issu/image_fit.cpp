#include "issu/image_fit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "issu/image/version.hpp"

namespace issu {

Result<void> check_kind(const backends::RouteProcessor& rp, const image::Manifest& manifest,
                        const std::string& name) {
  const auto taken = rp.kinds();
  if (std::find(taken.begin(), taken.end(), manifest.kind_text()) != taken.end()) {
    return {};
  }
  return fail(fmt::format("{} is an image of kind {}, the backend {} takes {}", name,
                          manifest.kind_text(), rp.backend(), fmt::join(taken, " and ")),
              "use an image of kind " + fmt::format("{}", fmt::join(taken, " or ")),
              ErrorKind::refused);
}

bool kernel_goes_beside(const backends::RouteProcessor& rp) {
  return rp.kinds() != std::vector<std::string>{"kernel"};
}

std::optional<std::string> below_minimum(const config::RouterConfig& config, image::Kind kind,
                                         const std::string& version, const std::string& name) {
  const bool kernel = kind == image::Kind::kernel;
  const std::string& minimum = kernel ? config.minimum_kernel : config.minimum_version;
  if (minimum.empty() || image::compare_versions(version, minimum) >= 0) {
    return std::nullopt;
  }
  return fmt::format("{} is version {}, {} sets {} = \"{}\"", name, version, config.file.string(),
                     kernel ? "minimum_kernel" : "minimum_version", minimum);
}

Result<void> check_minimum(const config::RouterConfig& config, const image::Manifest& manifest,
                           const std::string& name, bool allowed) {
  const auto below = below_minimum(config, manifest.kind, manifest.version, name);
  if (!below || allowed) {
    return {};
  }
  return fail(*below,
              "use a newer image; --allow-below-minimum brings it in all the same, with what the "
              "minimum keeps out",
              ErrorKind::refused);
}

Result<void> check_first(const backends::RouteProcessor& rp, const image::Manifest& manifest,
                         const std::string& name) {
  if (auto fits = check_kind(rp, manifest, name); !fits) {
    return fits;
  }
  if (manifest.kind == image::Kind::kernel && kernel_goes_beside(rp)) {
    return fail(name + " holds a kernel alone, a router's first image has its daemons",
                "bring the router up with an image of another kind, then upgrade to the kernel",
                ErrorKind::refused);
  }
  return {};
}

}  // namespace issu
