#include "issu/compare/place.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "issu/base/reasons.hpp"
#include "issu/drill/hypervisors.hpp"

namespace issu::compare {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view prefix = "issu-compare-";
/// Of libvirt daemons on one machine each has another; the drills' have 1 and 2.
constexpr unsigned hypervisor_number = 7;

Result<void> write_config(const fs::path& folder, const std::string& suite) {
  const std::string what = "a router's configuration";
  ISSU_TRY(make_dirs(folder), what);
  if (suite == "bird") {
    return write_file_atomic(folder / "bird.conf",
                             "router id 192.0.2.1;\nprotocol device {}\n"
                             "protocol kernel { persist; graceful restart on; ipv4 { export all; "
                             "}; }\nprotocol static { ipv4; route 198.51.100.0/24 blackhole; }\n");
  }
  ISSU_TRY(
      write_file_atomic(folder / "zebra.conf", "hostname study\nallow-external-route-update\n"),
      what);
  ISSU_TRY(write_file_atomic(folder / "bgpd.conf", "router bgp 65000\n bgp router-id 192.0.2.1\n"),
           what);
  return write_file_atomic(folder / "staticd.conf", "ip route 198.51.100.0/24 blackhole\n");
}

drill::PrivateHypervisor hypervisor_of(const std::string& id) {
  return {"/run/issu/" + id + "-hv", ""};
}

json process_json(const ProcessId& process) {
  return {{"pid", process.pid}, {"start", process.start_ticks}};
}

ProcessId process_of(const json& object) {
  return {object.value("pid", 0), object.value("start", std::uint64_t{0})};
}

}  // namespace

std::string resident_name(const std::string& router) {
  return "issu-" + router + "-a";
}

std::string Place::id() const {
  return "cmp" + std::to_string(owner_.pid);
}

Result<Place> Place::make(const fs::path& base, Makers makers) {
  Place place;
  place.owner_ = identify(::getpid());
  place.work_ = base / (std::string(prefix) + std::to_string(place.owner_.pid));
  place.makers_ = std::move(makers);
  if (::mkdir(place.work_.c_str(), 0700) != 0) {
    return fail_errno("creating the study's folder " + place.work_.string(),
                      errno == EEXIST ? "remove it, or name another with --work" : "");
  }
  place.ours_ = true;
  ISSU_TRY(place.save(), "writing the study down");
  return place;
}

Place::Place(Place&& other) noexcept
    : work_(std::move(other.work_)),
      makers_(std::move(other.makers_)),
      owner_(other.owner_),
      hypervisor_(other.hypervisor_),
      routers_(std::move(other.routers_)),
      number_(other.number_),
      ours_(std::exchange(other.ours_, false)) {}

Place::~Place() {
  if (ours_) {
    (void)give_back();
  }
}

Result<void> Place::save() const {
  json text{{"owner", process_json(owner_)}, {"routers", json::array()}};
  text["hypervisor"] = hypervisor_ ? process_json(*hypervisor_) : json(nullptr);
  for (const Router& router : routers_) {
    text["routers"].push_back({{"name", router.name}, {"shape", name_of(router.shape)}});
  }
  return write_file_atomic(work_ / "study.json", text.dump(2) + "\n");
}

Result<Place> Place::load(const fs::path& work, Makers makers) {
  auto text = read_file(work / "study.json");
  if (!text) {
    return fail(std::move(text).error());
  }
  const json document = json::parse(*text, nullptr, false);
  if (!document.is_object() || !document.contains("owner") || !document["owner"].is_object()) {
    return fail((work / "study.json").string() + " is not a study's record",
                "remove the folder by hand");
  }
  Place place;
  place.work_ = work;
  place.makers_ = std::move(makers);
  place.owner_ = process_of(document["owner"]);
  if (const json daemon = document.value("hypervisor", json()); daemon.is_object()) {
    place.hypervisor_ = process_of(daemon);
  }
  for (const json& router : document.value("routers", json::array())) {
    place.routers_.push_back({router.value("name", ""), router.value("shape", "") == "vms"
                                                            ? Shape::machine
                                                            : Shape::container});
  }
  return place;
}

Result<void> Place::start_hypervisor() {
  if (hypervisor_ && is_alive(*hypervisor_)) {
    return {};
  }
  auto started = hypervisor_of(id()).start(hypervisor_number);
  if (!started) {
    return fail(std::move(started).error());
  }
  hypervisor_ = *started;
  return save();
}

backends::RouterSpec Place::spec_of(const Router& router, const std::string& suite) const {
  backends::RouterSpec spec;
  spec.name = router.name;
  spec.suite = suite;
  spec.daemons = suite == "frr" ? std::vector<std::string>{"zebra", "bgpd", "staticd"}
                                : std::vector<std::string>{"bird"};
  spec.netns = "issu-" + router.name;
  spec.run_dir = "/run/issu/" + router.name;
  spec.state_dir = work_ / router.name / "state";
  spec.config_dir = work_ / router.name / "config";
  spec.vm.uri = hypervisor_of(id()).uri();
  return spec;
}

Result<backends::RouterSpec> Place::new_router(Shape shape, const std::string& suite) {
  ++number_;
  const Router router{
      fmt::format("{}-{}{:03}", id(), shape == Shape::container ? "c" : "v", number_), shape};
  const backends::RouterSpec spec = spec_of(router, suite);
  if (shape == Shape::machine) {
    ISSU_TRY(start_hypervisor(), "starting a router of the study");
  }
  routers_.push_back(router);
  ISSU_TRY(save(), "writing a router of the study down");
  ISSU_TRY(write_config(spec.config_dir, suite), "starting a router of the study");
  ISSU_TRY(make_dirs(spec.run_dir, 0755), "starting a router of the study");
  if (shape == Shape::container) {
    ISSU_TRY(NetNs::create(spec.netns), "starting a router of the study");
  }
  return spec;
}

Result<std::unique_ptr<backends::RouteProcessor>> Place::make(
    Shape shape, const backends::RouterSpec& spec) const {
  return shape == Shape::container ? makers_.container(spec) : makers_.machine(spec);
}

Result<void> Place::end(const Router& router) const {
  const backends::RouterSpec spec = spec_of(router, "frr");
  std::error_code ignored;
  if (fs::exists(spec.run_dir, ignored)) {
    auto rp = make(router.shape, spec);
    if (!rp) {
      return fail(std::move(rp).error());
    }
    ISSU_TRY((*rp)->power_off(backends::Slot::a), "ending " + router.name);
    ISSU_TRY((*rp)->unstage(backends::Slot::a), "ending " + router.name);
  }
  ISSU_TRY(NetNs::remove(spec.netns), "ending " + router.name);
  ISSU_TRY(remove_tree(spec.run_dir), "ending " + router.name);
  return remove_tree(work_ / router.name);
}

Result<void> Place::end_router(const std::string& name) {
  const auto found = std::find_if(routers_.begin(), routers_.end(),
                                  [&](const Router& router) { return router.name == name; });
  if (found == routers_.end()) {
    return {};
  }
  ISSU_TRY(end(*found), "");
  routers_.erase(found);
  return save();
}

Result<void> Place::give_back() {
  ours_ = false;
  Reasons reasons;
  // Machines of a daemon that is gone are found by the next one in the same folders.
  const bool machines = std::any_of(routers_.begin(), routers_.end(), [](const Router& router) {
    return router.shape == Shape::machine;
  });
  if (machines) {
    reasons.add_if(start_hypervisor());
  }
  for (const Router& router : routers_) {
    reasons.add_if(end(router));
  }
  if (hypervisor_) {
    reasons.add_if(drill::PrivateHypervisor::end(*hypervisor_));
    reasons.add_if(remove_tree(hypervisor_of(id()).dir));
  }
  if (auto clean = std::move(reasons).result(); !clean) {
    return pass(std::move(clean).error(),
                "giving back what the study took (" + work_.string() + ")");
  }
  return remove_tree(work_);
}

Result<std::vector<std::string>> give_back_abandoned(const fs::path& base, const Makers& makers) {
  std::vector<std::string> names;
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(base, error)) {
    struct stat status {};
    if (entry.path().filename().string().starts_with(prefix) &&
        ::lstat(entry.path().c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
        status.st_uid == ::geteuid()) {
      folders.push_back(entry.path());
    }
  }
  for (const fs::path& folder : folders) {
    auto place = Place::load(folder, makers);
    if (!place || is_alive(place->owner_) ||
        folder.filename() != std::string(prefix) + std::to_string(place->owner_.pid)) {
      continue;
    }
    ISSU_TRY(place->give_back(), "cleaning up");
    names.push_back(folder.filename().string());
  }
  return names;
}

}  // namespace issu::compare
