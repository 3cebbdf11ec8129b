#pragma once

#include <string>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"
#include "issu/image/manifest.hpp"

namespace issu {

/// Whether the backend can take an image of this kind; `name` stands in the message.
Result<void> check_kind(const backends::RouteProcessor& rp, const image::Manifest& manifest,
                        const std::string& name);

/// Whether an image of kind kernel goes beside a payload that stays. Where the backend takes
/// kernels only, one is all that a slot holds.
[[nodiscard]] bool kernel_goes_beside(const backends::RouteProcessor& rp);

/// Whether it can be a router's first image: a kernel that goes beside a payload can't.
Result<void> check_first(const backends::RouteProcessor& rp, const image::Manifest& manifest,
                         const std::string& name);

}  // namespace issu
