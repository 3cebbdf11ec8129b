#include "backends/vm/card_time.hpp"

#include "issu/base/json.hpp"

namespace issu::backends {

MonoNs card_time(const nlohmann::json& answer, const char* key, MonoNs received, MonoNs otherwise) {
  const MonoNs now = value_of(answer, "now", MonoNs{0});
  const MonoNs then = value_of(answer, key, MonoNs{0});
  return then > 0 && then <= now ? received - (now - then) : otherwise;
}

}  // namespace issu::backends
