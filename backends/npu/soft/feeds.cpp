#include "backends/npu/soft/feeds.hpp"

namespace issu::backends::soft {

Result<std::unique_ptr<Feeds>> Feeds::open(tables::Writer& /*tables*/, const Settings& settings) {
  return fail("there is no feed " + settings.npu.feed);
}

}  // namespace issu::backends::soft
