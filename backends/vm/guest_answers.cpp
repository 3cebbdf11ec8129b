#include "backends/vm/guest_answers.hpp"

#include <nlohmann/json.hpp>

#include "backends/vm/base64.hpp"
#include "issu/base/json.hpp"

namespace issu::backends::vm {
namespace {

using nlohmann::json;

tl::unexpected<Error> not_understood(const std::string& answer) {
  return fail("the agent's answer is not understood: " + answer.substr(0, 200));
}

/// What is in "return" of an answer; discarded when there is none.
json returned(const std::string& text) {
  const json answer = json::parse(text, nullptr, false);
  return answer.is_object() && answer.contains("return") ? answer["return"]
                                                         : json(json::value_t::discarded);
}

}  // namespace

Result<int> parse_exec(const std::string& answer) {
  const json process = returned(answer);
  const int pid = value_of(process, "pid", -1);
  return pid >= 0 ? Result<int>(pid) : not_understood(answer);
}

Result<std::optional<GuestRun>> parse_exec_status(const std::string& answer) {
  const json status = returned(answer);
  if (!status.is_object() || !status.contains("exited") || !status["exited"].is_boolean()) {
    return not_understood(answer);
  }
  if (!status["exited"].get<bool>()) {
    return std::optional<GuestRun>();
  }
  const int signal = value_of(status, "signal", 0);
  GuestRun run;
  run.exit_code = value_of(status, "exitcode", 128 + (signal > 0 && signal < 128 ? signal : 0));
  run.output = base64_decoded(value_of(status, "out-data", ""));
  run.errors = base64_decoded(value_of(status, "err-data", ""));
  return std::optional<GuestRun>(std::move(run));
}

}  // namespace issu::backends::vm
