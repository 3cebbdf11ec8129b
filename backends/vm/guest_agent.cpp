#include "backends/vm/guest_agent.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/vm/guest_answers.hpp"
#include "issu/base/clock.hpp"

namespace issu::backends::vm {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds answers_within{5};

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
                      std::to_string(timeout.count()) + " s (" + answer.error().what() + ")",
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
  auto pid = parse_exec(*begun);
  return pid ? pid : pass(std::move(pid).error(), what);
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
    auto ended = parse_exec_status(*answer);
    if (!ended) {
      return pass(std::move(ended).error(), what);
    }
    if (*ended) {
      return **std::move(ended);
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
