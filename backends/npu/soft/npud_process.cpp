#include "backends/npu/soft/npud_process.hpp"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "backends/npu/soft/control_client.hpp"
#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends::soft {
namespace {

constexpr auto start_limit = std::chrono::seconds(60);
constexpr auto end_grace = std::chrono::seconds(5);

Result<ProcessId> spawn(const std::filesystem::path& npud, const NpudFiles& files,
                        const std::string& npu_netns, const char* how) {
  if (!NetNs::exists(npu_netns)) {
    return fail("the NPU's namespace " + npu_netns + " is not there", "`issu router up` first");
  }
  SpawnOptions options;
  options.netns = NetNs::path_of(npu_netns);
  options.log = files.log();
  options.folder = "/";
  return spawn_detached({npud.string(), how, files.folder.string()}, options);
}

std::string last_line_of(const std::filesystem::path& log) {
  std::ifstream file(log);
  std::string last;
  for (std::string line; std::getline(file, line);) {
    last = line.empty() ? last : line;
  }
  return last;
}

Error did_not_start(const NpudFiles& files) {
  const std::string last = last_line_of(files.log());
  return Error("issu-npud did not start" + (last.empty() ? "" : ": " + last),
               "look at " + files.log().string());
}

}  // namespace

std::filesystem::path npud_beside_us() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "issu-npud";
}

Result<void> start_npud(const std::filesystem::path& npud, const NpudFiles& files,
                        const std::string& npu_netns) {
  const ControlClient client(files.socket());
  if (client.server().pid != 0) {
    return {};
  }
  ProcessId keeper = keeper_of(files);
  if (!is_alive(keeper)) {
    auto started = spawn(npud, files, npu_netns, "--keep");
    if (!started) {
      return pass(std::move(started).error(), "starting the NPU");
    }
    keeper = *started;
  }
  wait_until([&] { return client.server().pid != 0 || !is_alive(keeper); },
             Deadline::in(start_limit));
  return client.server().pid != 0 ? Result<void>() : fail(did_not_start(files));
}

Result<void> replace_npud(const std::filesystem::path& npud, const NpudFiles& files,
                          const std::string& npu_netns) {
  const ControlClient client(files.socket());
  const ProcessId before = client.server();
  if (before.pid == 0) {
    return fail("no npud runs in " + files.folder.string(), "`issu router up` starts it");
  }
  auto keeper = spawn(npud, files, npu_netns, "--keep-taking-over");
  if (!keeper) {
    return pass(std::move(keeper).error(), "starting the new npud");
  }
  const auto changed = [&] {
    const ProcessId now = client.server();
    return now.pid != 0 && now.pid != before.pid;
  };
  wait_until([&] { return changed() || !is_alive(*keeper); }, Deadline::in(start_limit));
  return changed() ? Result<void>() : fail(did_not_start(files));
}

Result<void> end_npud(const NpudFiles& files) {
  ISSU_TRY(end_process(keeper_of(files), end_grace), "ending the NPU");
  if (const ProcessId npud = ControlClient(files.socket()).server(); npud.pid != 0) {
    ISSU_TRY(end_process(npud, end_grace), "ending the NPU");
  }
  return {};
}

Result<void> remember_keeper(const NpudFiles& files, const ProcessId& keeper) {
  const nlohmann::json text{{"pid", keeper.pid}, {"start_ticks", keeper.start_ticks}};
  return write_file_atomic(files.folder / "keeper.json", text.dump() + "\n");
}

ProcessId keeper_of(const NpudFiles& files) {
  const auto text = read_file(files.folder / "keeper.json", 4096);
  const auto read = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
  if (!read.is_object() || !read.contains("pid") || !read["pid"].is_number_integer()) {
    return {};
  }
  return {read["pid"].get<pid_t>(), read.value("start_ticks", std::uint64_t{0})};
}

}  // namespace issu::backends::soft
