#include "backends/vm/guest_agent.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/vm/base64.hpp"
#include "issu/base/clock.hpp"

namespace issu::backends::vm {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds answers_within{5};

json parsed(const std::string& text) {
  return json::parse(text, nullptr, false);
}

/// What is in "return" of an answer; discarded when there is none.
json returned(const std::string& text) {
  const json answer = parsed(text);
  return answer.is_object() && answer.contains("return") ? answer["return"]
                                                         : json(json::value_t::discarded);
}

std::string text_of(const json& status, const char* key) {
  return status.contains(key) && status[key].is_string()
             ? base64_decoded(status[key].get<std::string>())
             : std::string();
}

}  // namespace

Result<void> GuestAgent::wait(std::chrono::seconds timeout) {
  const Deadline deadline = Deadline::in(timeout);
  for (;;) {
    auto answer =
        hypervisor_.ask_agent(domain_, R"({"execute":"guest-ping"})", std::chrono::seconds(1));
    if (answer) {
      return {};
    }
    auto power = hypervisor_.power(domain_);
    if (power && *power != Power::running) {
      return fail("the virtual machine " + domain_ + " does not run any more");
    }
    if (deadline.passed()) {
      return fail("the guest agent of " + domain_ + " did not answer within " +
                      std::to_string(timeout.count()) + " s",
                  "is qemu-guest-agent started in the image?", ErrorKind::timeout);
    }
  }
}

Result<int> GuestAgent::begin(const std::vector<std::string>& argv) {
  const std::string what = "running " + (argv.empty() ? "nothing" : argv[0]) + " in " + domain_;
  if (argv.empty()) {
    return fail(what);
  }
  const json request{{"execute", "guest-exec"},
                     {"arguments",
                      {{"path", argv[0]},
                       {"arg", std::vector<std::string>(argv.begin() + 1, argv.end())},
                       {"capture-output", true}}}};
  auto begun = hypervisor_.ask_agent(domain_, request.dump(), answers_within);
  if (!begun) {
    return pass(std::move(begun).error(), what);
  }
  const json process = returned(*begun);
  if (!process.is_object() || !process.contains("pid") || !process["pid"].is_number_integer()) {
    return fail(what + ": the agent's answer is not understood: " + begun->substr(0, 200));
  }
  return process["pid"].get<int>();
}

Result<GuestRun> GuestAgent::run(const std::vector<std::string>& argv,
                                 std::chrono::seconds timeout) {
  auto pid = begin(argv);
  if (!pid) {
    return fail(std::move(pid).error());
  }
  const std::string what = "running " + argv[0] + " in " + domain_;
  const json question{{"execute", "guest-exec-status"}, {"arguments", {{"pid", *pid}}}};
  const Deadline deadline = Deadline::in(timeout);
  for (auto pause = std::chrono::milliseconds(5);;) {
    auto answer = hypervisor_.ask_agent(domain_, question.dump(), answers_within);
    if (!answer) {
      return pass(std::move(answer).error(), what);
    }
    const json status = returned(*answer);
    if (!status.is_object()) {
      return fail(what + ": the agent's answer is not understood: " + answer->substr(0, 200));
    }
    if (status.value("exited", false)) {
      GuestRun run;
      run.exit_code = status.value("exitcode", 128 + status.value("signal", 0));
      run.output = text_of(status, "out-data");
      run.errors = text_of(status, "err-data");
      return run;
    }
    if (deadline.passed()) {
      return fail(what + " takes longer than " + std::to_string(timeout.count()) + " s", {},
                  ErrorKind::timeout);
    }
    sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(50));
  }
}

}  // namespace issu::backends::vm
