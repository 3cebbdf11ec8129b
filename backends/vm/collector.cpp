#include "backends/vm/collector.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backends/daemons/bird_ctl.hpp"
#include "backends/daemons/views.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends::vm {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds starts_within{20};
constexpr std::chrono::seconds end_grace{5};
/// In place of BIRD's usual four minutes, for the kernel's routes of a collector before this one.
constexpr unsigned recovery_s = 240;

std::string without_length(const std::string& address) {
  return address.substr(0, address.find('/'));
}

ProcessId noted(const std::filesystem::path& file) {
  const auto text = read_file(file, 4096);
  const json read = text ? json::parse(*text, nullptr, false) : json();
  if (!read.is_object() || !read.contains("pid") || !read["pid"].is_number_integer()) {
    return {};
  }
  return {read["pid"].get<pid_t>(), read.value("start_ticks", std::uint64_t{0})};
}

}  // namespace

Collector::Collector(const RouterSpec& spec) : spec_(spec) {}

std::string collector_conf(const RouterSpec& spec) {
  const ForeignGuest& guest = *spec.vm.foreign;
  const std::string local = without_length(guest.collector);
  std::string ports;
  for (const PortSpec& port : spec.ports) {
    ports += (ports.empty() ? "\"" : ", \"") + port.name + "\"";
  }
  std::string text = fmt::format(
      "log stderr all;\ntimeformat log iso long ms;\nrouter id {};\n"
      "graceful restart wait {};\n\nprotocol device {{ }}\n",
      local, recovery_s);
  if (!ports.empty()) {
    // Next hops lie in the networks of the ports, of which this namespace has likenesses.
    text += "\nprotocol direct { ipv4; ipv6; interface " + ports + "; }\n";
  }
  for (const int family : {4, 6}) {
    text += fmt::format(
        "\nprotocol kernel kernel{0} {{\n  persist;\n  graceful restart on;\n  scan time 60;\n"
        "  ipv{0} {{ import none; export where source = RTS_BGP; }};\n}}\n",
        family);
  }
  // The guest connects, so that no two connections meet.
  return text + fmt::format(R"(
protocol bgp guest {{
  local {} as {};
  neighbor {} as {};
  multihop 2;
  passive on;
  hold time 30;
  error wait time 1, 4;
  graceful restart on;
  ipv4 {{ import all; export none; }};
  ipv6 {{ import all; export none; next hop address ::ffff:{}; }};
}}
)",
                            local, guest.as, guest.address, guest.as, local);
}

Result<void> Collector::start() {
  const std::string what = "starting the route collector";
  const auto answers = [&] { return BirdCtl(socket()).ask("show status").has_value(); };
  if (is_alive(noted(process_file())) && answers()) {
    return {};
  }
  ISSU_TRY(end(), what);
  ISSU_TRY(make_dirs(folder()), what);
  ISSU_TRY(write_file_atomic(folder() / "bird.conf", collector_conf(spec_)), what);
  SpawnOptions options;
  options.netns = NetNs::path_of(spec_.netns);
  options.log = log();
  options.folder = "/";
  // -R: routes of one that ended stay until the guest has said its own.
  auto process = spawn_detached(
      {"bird", "-f", "-R", "-c", (folder() / "bird.conf").string(), "-s", socket().string()},
      options);
  if (!process) {
    return pass(std::move(process).error(), what);
  }
  const json note{{"pid", process->pid}, {"start_ticks", process->start_ticks}};
  ISSU_TRY(write_file_atomic(process_file(), note.dump() + "\n"), what);
  wait_until([&] { return answers() || !is_alive(*process); }, Deadline::in(starts_within));
  return answers() ? Result<void>()
                   : fail(what + ": BIRD does not answer", "look at " + log().string());
}

Result<void> Collector::end() {
  return end_process(noted(process_file()), end_grace);
}

Result<void> Collector::drop_session() {
  if (!NetNs::exists(spec_.netns)) {
    return {};
  }
  // By the kernel: BIRD takes it for a broken connection, and keeps the routes.
  RunOptions options;
  options.netns = NetNs::path_of(spec_.netns);
  auto done = run_checked({"ss", "-K", "-t", "-n", "dst", spec_.vm.foreign->address}, options);
  if (!done) {
    return pass(std::move(done).error(), "ending the collector's session");
  }
  const auto silent = [&] {
    const ControlPlaneView now = view();
    return now.sessions.empty() || !now.sessions.front().established;
  };
  return wait_until(silent, Deadline::in(end_grace))
             ? Result<void>()
             : fail("the collector's session with the guest does not end",
                    "the kernel can't end a connection from outside (CONFIG_INET_DIAG_DESTROY), or "
                    "look at " +
                        log().string());
}

ControlPlaneView Collector::view() const {
  ControlPlaneView view = bird_view(socket());
  view.version.clear();  // it is the collector's
  if (!view.silent.empty()) {
    view.silent = {"the route collector"};
  }
  return view;
}

Result<std::vector<state_sync::Prefix>> Collector::routes() const {
  return bird_kernel_routes(socket());
}

}  // namespace issu::backends::vm
