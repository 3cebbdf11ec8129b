#include "checkpoint/criu.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "checkpoint/sandbox.hpp"
#include "issu/base/child.hpp"

namespace issu::checkpoint {

const std::string criu_name = "criu";

namespace {

constexpr const char* get_one = "scenarios/setup finds or fetches one that works on this kernel";

const char* variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

}  // namespace

std::string criu_reasons(const std::string& log) {
  std::istringstream lines(log);
  std::string said;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("Error") != std::string::npos &&
        line.find("RLIMIT_NOFILE") == std::string::npos) {
      said += (said.empty() ? "" : "; ") + line;
    }
  }
  return said.size() > 600 ? "… " + said.substr(said.size() - 600) : said;
}

std::vector<std::filesystem::path> criu_programs() {
  std::vector<std::filesystem::path> found;
  const auto add = [&found](const std::filesystem::path& folder) {
    const std::filesystem::path program = folder / criu_name;
    if (::access(program.c_str(), X_OK) == 0 &&
        std::find(found.begin(), found.end(), program) == found.end()) {
      found.push_back(program);
    }
  };
  // The set-up fetches one only where the system's own fails, be it after its `check`.
  add(std::filesystem::path(variable("ISSU_CRIU_PREFIX", "/opt/issu/criu")) / "bin");
  std::istringstream folders(variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"));
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (folder.starts_with('/')) {
      add(folder);
    }
  }
  add("/usr/sbin");  // not on the PATH of a user who became root with su
  return found;
}

Result<std::string> criu_version(const std::filesystem::path& program) {
  RunOptions options;
  options.timeout = std::chrono::seconds(5);
  auto said = run_checked({program.string(), "--version"}, options);
  if (!said) {
    return pass(std::move(said).error(), "asking CRIU for its version");
  }
  std::istringstream words(*said);
  std::string label;
  std::string version;
  words >> label >> version;
  if (label != "Version:" || version.empty()) {
    return fail(program.string() + " does not tell its version, it says: " + said->substr(0, 80));
  }
  return version;
}

Result<void> criu_check(const std::filesystem::path& program) {
  RunOptions options;
  options.timeout = std::chrono::seconds(10);
  auto output = run({program.string(), "check"}, options);
  if (!output) {
    return fail(std::move(output).error());
  }
  if (output->status != 0) {
    return fail(
        "`" + program.string() + " check` fails: " + criu_reasons(output->out + output->err),
        get_one);
  }
  return {};
}

Result<Criu> locate_criu() {
  Error none("no CRIU works here", get_one);
  const auto programs = criu_programs();
  for (const auto& program : programs) {
    auto version = criu_version(program);
    if (!version) {
      none.also(std::move(version).error());
      continue;
    }
    auto checked = criu_check(program);
    if (checked) {
      return Criu{program, *version};
    }
    none.also(std::move(checked).error());
  }
  if (programs.empty()) {
    none.also(Error("there is none on PATH and none where the set-up puts one"));
  }
  return fail(std::move(none));
}

Result<void> criu_self_test(const Criu& criu, std::chrono::milliseconds timeout) {
  const std::string program = criu.program.string();
  const std::string pid = std::to_string(Sandbox::victim_pid);
  Sandbox sandbox;
  sandbox.steps = {
      {"dump",
       {program, "dump", "--tree", pid, "--images-dir", Sandbox::images, "--verbosity=1"},
       Sandbox::Victim::gone},
      {"restore",
       {program, "restore", "--images-dir", Sandbox::images, "--restore-detached", "--verbosity=1"},
       Sandbox::Victim::alive},
  };
  auto outcome = run_in_sandbox(sandbox, timeout);
  if (!outcome) {
    return pass(std::move(outcome).error(), "trying CRIU " + criu.version);
  }
  if (!outcome->failed_step.empty()) {
    const std::string said = criu_reasons(outcome->log);
    return fail("CRIU " + criu.version + " (" + program + ") can't " + outcome->failed_step +
                    " a child: " + (said.empty() ? outcome->reason : said),
                get_one);
  }
  return {};
}

std::string criu_path_variable(const Criu& criu) {
  return "PATH=" + criu.program.parent_path().string() + ":" +
         variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
}

}  // namespace issu::checkpoint
