// What the guest of a slot, its kernel and its daemons say of themselves.

#include <algorithm>

#include "backends/vm/route_processor.hpp"
#include "backends/vm/serial_log.hpp"

namespace issu::backends {

Result<std::string> VmRouteProcessor::ask_status(Slot slot) {
  // One program start in the guest: a question to it takes as long as that.
  const std::string shell = vm::guest_shell;
  return in_guest(
      slot,
      {shell, "sh", "-c",
       shell + " uname -r; exec " + vm::guest_init + " ask " + vm::guest_control + " status"},
      answers_within);
}

Error VmRouteProcessor::told_by_guest(Slot slot, Error error) const {
  Error told(error.what() + ": " + vm::told_by_serial(files(slot).serial_log()), error.hint(),
             error.kind());
  for (const std::string& context : error.contexts()) {
    told = std::move(told).within(context);
  }
  return told;
}

Error VmRouteProcessor::told_by_daemon(Slot slot, Error error) {
  // The first word names the daemon; its log says why, where it had time to say anything.
  const std::string daemon = error.what().substr(0, error.what().find(' '));
  if (std::find(spec_.daemons.begin(), spec_.daemons.end(), daemon) == spec_.daemons.end()) {
    return error;
  }
  auto said = in_guest(
      slot,
      {vm::guest_shell, "tail", "-n", "3", std::string(vm::guest_logs) + "/" + daemon + ".log"},
      answers_within);
  return said && !said->empty()
             ? Error(error.what() + "; it said: " + *said, error.hint(), error.kind())
             : error;
}

}  // namespace issu::backends
