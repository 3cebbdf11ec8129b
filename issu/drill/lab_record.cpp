#include "issu/drill/lab_record.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr auto kGrace = std::chrono::seconds(3);

/// Every process whose network namespace is this one.
std::vector<ProcessId> processes_inside(const std::string& netns) {
  std::vector<ProcessId> all;
  struct stat wanted {};
  if (::stat(NetNs::path_of(netns).c_str(), &wanted) != 0) {
    return all;
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      continue;
    }
    struct stat status {};
    if (::stat((entry.path() / "ns/net").c_str(), &status) == 0 && status.st_ino == wanted.st_ino &&
        status.st_dev == wanted.st_dev) {
      all.push_back(identify(std::stoi(name)));
    }
  }
  return all;
}

/// Remembers failures and goes on.
class Failures {
 public:
  void note(const Result<void>& result) {
    if (result) {
      return;
    }
    if (error_) {
      error_->also(result.error());
    } else {
      error_ = result.error();
    }
  }
  [[nodiscard]] Result<void> result() const {
    return error_ ? Result<void>(fail(*error_)) : Result<void>();
  }

 private:
  std::optional<Error> error_;
};

/// Whether the state folder is a disk of its own (`state_mib`).
bool has_small_disk(const LabRecord& record) {
  struct stat around {};
  struct stat state {};
  return ::stat(record.work.c_str(), &around) == 0 &&
         ::stat((record.work / "state").c_str(), &state) == 0 && around.st_dev != state.st_dev;
}

/// Ends an open upgrade's coordinator first: it would bring back what is taken away.
Result<void> router_down(const LabRecord& record) {
  const fs::path router = record.work / "router.toml";
  if (!fs::exists(router)) {
    return {};
  }
  RunOptions patient;
  patient.timeout = std::chrono::minutes(4);
  const auto status = run({record.issu.string(), "status", "-f", router.string(), "--json"});
  const json state = status ? json::parse(status->out, nullptr, false) : json();
  if (state.is_object() && state.value("coordinator_runs", false)) {
    (void)run({record.issu.string(), "abort", "-f", router.string()}, patient);
  }
  Argv words{record.issu.string(), "router", "down", "-f", router.string()};
  if (!has_small_disk(record)) {
    words.emplace_back("--purge");  // what a disk is mounted on can't be removed
  }
  auto down = run_checked(words, patient);
  return down ? Result<void>() : pass(std::move(down).error(), "taking the lab's router down");
}

}  // namespace

Result<void> LabRecord::save() const {
  json text{{"id", id},       {"owner", {{"pid", owner.pid}, {"start", owner.start_ticks}}},
            {"kept", kept},   {"issu", issu.string()},
            {"netns", netns}, {"processes", json::array()}};
  for (const Process& process : processes) {
    text["processes"].push_back(
        {{"pid", process.id.pid}, {"start", process.id.start_ticks}, {"name", process.name}});
  }
  return write_file_atomic(file(), text.dump(2) + "\n");
}

Result<LabRecord> LabRecord::load(const fs::path& work) {
  LabRecord record;
  record.work = work;
  auto text = read_file(record.file());
  if (!text) {
    return fail(std::move(text).error());
  }
  const json document = json::parse(*text, nullptr, false);
  if (!document.is_object() || !document.contains("owner")) {
    return fail(record.file().string() + " is not a lab's record", "remove the folder by hand");
  }
  record.id = document.value("id", "");
  record.owner = {document["owner"].value("pid", 0),
                  document["owner"].value("start", std::uint64_t{0})};
  record.kept = document.value("kept", false);
  record.issu = document.value("issu", "");
  record.netns = document.value("netns", std::vector<std::string>{});
  for (const json& process : document.value("processes", json::array())) {
    record.processes.push_back({{process.value("pid", 0), process.value("start", std::uint64_t{0})},
                                process.value("name", "")});
  }
  return record;
}

Result<void> give_back(const LabRecord& record) {
  Failures failures;
  failures.note(router_down(record));
  for (const LabRecord::Process& process : record.processes) {
    failures.note(end_process(process.id, kGrace));
  }
  std::vector<std::string> all = record.netns;
  // The chassis, and the NPU's own namespace where there is one.
  all.push_back("issu-" + record.id);
  all.push_back("issu-" + record.id + "-npu");
  for (const std::string& netns : all) {
    for (const ProcessId& process : processes_inside(netns)) {
      failures.note(end_process(process, kGrace));
    }
    failures.note(NetNs::remove(netns));
  }
  // What forwards without npud, where the router's own way down did not come so far.
  (void)::umount2(("/run/issu/" + record.id + "/npu/bpf").c_str(), MNT_DETACH);
  (void)::umount2((record.work / "state").c_str(), MNT_DETACH);
  failures.note(remove_tree("/run/issu/" + record.id));
  failures.note(remove_tree("/run/issu/" + record.id + "-hv"));
  if (auto clean = failures.result(); !clean) {
    return pass(std::move(clean).error(),
                "giving back " + record.id + " (" + record.work.string() + ")");
  }
  return remove_tree(record.work);
}

std::vector<LabRecord> abandoned_labs(const fs::path& base, bool kept_too) {
  std::vector<LabRecord> labs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(base, error)) {
    struct stat status {};
    if (!entry.path().filename().string().starts_with("issu-drill-") ||
        ::lstat(entry.path().c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
        status.st_uid != ::geteuid()) {
      continue;
    }
    auto record = LabRecord::load(entry.path());
    if (record && entry.path().filename() == "issu-" + record->id && !is_alive(record->owner) &&
        (kept_too || !record->kept)) {
      labs.push_back(std::move(*record));
    }
  }
  return labs;
}

}  // namespace issu::drill
