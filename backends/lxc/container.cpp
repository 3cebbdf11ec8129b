#include "backends/lxc/container.hpp"

#include <lxc/lxccontainer.h>

#include <memory>

#include "issu/base/child.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::lxc {
namespace {

struct Put {
  void operator()(lxc_container* container) const { lxc_container_put(container); }
};
using Handle = std::unique_ptr<lxc_container, Put>;

Result<Handle> open(const std::string& name, const std::filesystem::path& folder) {
  Handle handle(lxc_container_new(name.c_str(), folder.c_str()));
  if (!handle) {
    return fail("liblxc does not give the container " + name, "is its name a valid one?");
  }
  return handle;
}

/// The last error that liblxc wrote down.
std::string last_error(const std::filesystem::path& log) {
  auto text = read_file(log);
  if (!text) {
    return "no log";
  }
  const auto at = text->rfind(" ERROR ");
  if (at == std::string::npos) {
    return "see " + log.string();
  }
  std::string line = text->substr(at + 7, text->find('\n', at) - at - 7);
  const auto word = line.find_first_not_of(' ');
  return word == std::string::npos ? line : line.substr(word);
}

}  // namespace

std::string Container::library_version() {
  return lxc_get_version();
}

Result<void> Container::start(const ConfigItems& config, const std::filesystem::path& log) {
  auto handle = open(name_, folder_);
  if (!handle) {
    return fail(std::move(handle).error());
  }
  lxc_container& container = **handle;
  container.clear_config(&container);
  for (const auto& [key, value] : config) {
    if (!container.set_config_item(&container, key.c_str(), value.c_str())) {
      return fail("liblxc refuses " + key + " = " + value, "is liblxc 4.0 or newer installed?");
    }
  }
  container.want_daemonize(&container, true);
  container.want_close_all_fds(&container, true);
  if (!container.start(&container, 0, nullptr)) {
    return fail("the container " + name_ + " did not start: " + last_error(log),
                "more in " + log.string());
  }
  return {};
}

pid_t Container::init_pid() const {
  auto handle = open(name_, folder_);
  if (!handle || !(*handle)->is_running(handle->get())) {
    return 0;
  }
  return std::max((*handle)->init_pid(handle->get()), 0);
}

Result<void> Container::stop() {
  auto handle = open(name_, folder_);
  if (!handle) {
    return fail(std::move(handle).error());
  }
  lxc_container& container = **handle;
  const auto stopped = [&] { return std::string_view(container.state(&container)) == "STOPPED"; };
  if (stopped()) {
    return {};
  }
  const ProcessId init = identify(init_pid());
  container.stop(&container);
  // liblxc's own word is not enough: the process has to be gone.
  ISSU_TRY(end_process(init, std::chrono::milliseconds(0)), "stopping the container " + name_);
  if (!wait_until(stopped, Deadline::in(std::chrono::seconds(10)))) {
    return fail("the container " + name_ + " does not stop",
                "look for its monitor, `[lxc monitor] " + folder_.string() + "`");
  }
  return {};
}

}  // namespace issu::backends::lxc
