#pragma once

#include <optional>
#include <string>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"
#include "issu/config/router_config.hpp"
#include "issu/image/manifest.hpp"

namespace issu {

/// Whether the backend can take an image of this kind; `name` stands in the message.
Result<void> check_kind(const backends::RouteProcessor& rp, const image::Manifest& manifest,
                        const std::string& name);

/// Whether an image of kind kernel goes beside a payload that stays. Where the backend takes
/// kernels only, one is all that a slot holds.
[[nodiscard]] bool kernel_goes_beside(const backends::RouteProcessor& rp);

/// Why an image of this kind and version is below the minimum that router.toml sets; no value: it
/// is not. `name` stands in the message.
[[nodiscard]] std::optional<std::string> below_minimum(const config::RouterConfig& config,
                                                       image::Kind kind, const std::string& version,
                                                       const std::string& name);

/// The same as an error, unless a person allowed it.
Result<void> check_minimum(const config::RouterConfig& config, const image::Manifest& manifest,
                           const std::string& name, bool allowed);

/// Whether it can be a router's first image: a kernel that goes beside a payload can't.
Result<void> check_first(const backends::RouteProcessor& rp, const image::Manifest& manifest,
                         const std::string& name);

}  // namespace issu
