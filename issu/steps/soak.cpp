#include <fmt/format.h>

#include <algorithm>

#include "issu/steps/soak_watch.hpp"
#include "issu/steps/steps.hpp"

namespace issu::steps {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(200);

}  // namespace

Result<nlohmann::json> soak(Context& context) {
  const Baseline baseline = baseline_from_json(facts_of(context.records, Phase::checkpoint));
  const auto& options = context.options;
  const Deadline end =
      Deadline::in(std::chrono::milliseconds(static_cast<std::int64_t>(options.soak_s * 1000)));
  SoakWatch watch(context, baseline);
  bool accepted = false;
  // At least one look, however short the soak.
  do {
    ISSU_TRY(watch.look(), "soak");
    const std::string request = context.pending_request();
    if (request == "abort") {
      return fail("abort was asked for");
    }
    accepted = request == "accept";
    if (watch.in_doubt()) {
      sleep_for(look_interval);
    } else if (!accepted) {
      sleep_for(std::min<std::chrono::nanoseconds>(look_interval,
                                                   std::chrono::milliseconds(end.left_ms() + 1)));
    }
  } while ((!accepted && !end.passed()) || watch.in_doubt());
  if (!accepted && !options.auto_accept) {
    return fail(fmt::format("nobody accepted within {} s", options.soak_s),
                "`issu accept` while it soaks, or start it with --auto-accept");
  }
  return nlohmann::json{{"accepted_by", accepted ? "operator" : "health and budgets"}};
}

}  // namespace issu::steps
