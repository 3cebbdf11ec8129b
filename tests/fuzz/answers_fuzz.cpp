#include <cstdlib>
#include <string>

#include "backends/daemons/bird_answers.hpp"
#include "backends/daemons/frr_answers.hpp"
#include "backends/vm/base64.hpp"
#include "backends/vm/guest_answers.hpp"
#include "issu/init/answers.hpp"
#include "issu/init/plan.hpp"
#include "tests/fuzz/json_change.hpp"

namespace {

using namespace issu;

void use(const std::string& answer) {
  if (const auto pid = backends::vm::parse_exec(answer); pid && *pid < 0) {
    std::abort();
  }
  if (const auto status = backends::vm::parse_exec_status(answer); status && *status) {
    if ((*status)->output.size() > answer.size()) {
      std::abort();
    }
  }
  static_cast<void>(backends::parse_frr_neighbors(answer));
  static_cast<void>(backends::parse_frr_route_summary(answer));
}

}  // namespace

// What a guest, its agent, process 1 and the routing daemons answer: whoever took one of them over
// must get no further than a wrong answer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string answer(reinterpret_cast<const char*>(data), size);
  use(answer);
  if (const std::string changed = fuzz::with_another_type(answer, fuzz::choice_of(data, size));
      !changed.empty()) {
    use(changed);
  }
  if (backends::vm::base64_decoded(answer).size() > size / 4 * 3) {
    std::abort();
  }
  static_cast<void>(backends::parse_frr_dplane_queue(answer));
  static_cast<void>(backends::parse_frr_version(answer));
  static_cast<void>(backends::parse_bird_protocols(answer));
  static_cast<void>(backends::parse_bird_routes(answer));
  static_cast<void>(backends::parse_bird_route_count(answer));
  static_cast<void>(init::parse_start(answer));
  static_cast<void>(init::parse_status(answer));
  if (const auto plan = init::parse_plan(answer)) {
    const auto text = init::format_plan(*plan);
    if (!text || !init::parse_plan(*text)) {
      std::abort();
    }
  }
  return 0;
}
