#pragma once

#include <string>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"
#include "issu/image/manifest.hpp"

namespace issu {

/// Whether the backend can take an image of this kind; `name` stands in the message.
Result<void> check_kind(const backends::RouteProcessor& rp, const image::Manifest& manifest,
                        const std::string& name);

/// Whether it can be a router's first image: a kernel needs a slot whose payload it goes beside.
Result<void> check_first(const backends::RouteProcessor& rp, const image::Manifest& manifest,
                         const std::string& name);

}  // namespace issu
