#include <algorithm>

#include "backends/lxc/carry.hpp"
#include "backends/lxc/rootfs.hpp"
#include "backends/lxc/route_processor.hpp"
#include "checkpoint/criu.hpp"
#include "checkpoint/criu_files.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"

/// Saved states that leave the machine, and that come to one.
namespace issu::backends {
namespace {

namespace fs = std::filesystem;

/// Beside the bytes that come: what is unpacked of them, and CRIU's log.
constexpr std::uint64_t arrival_reserve = 64U << 20U;

/// Of a slot's folder, what goes with its processes (see `carry_files`). Sockets are made anew.
const std::vector<std::string>& written_parts() {
  static const std::vector<std::string> parts{"upper", "init", "run", "etc"};
  return parts;
}

Argv tar(const char* verb, const fs::path& file, const fs::path& folder,
         const std::vector<std::string>& parts) {
  Argv words{
      "tar", verb, "--file", file.string(), "--directory", folder.string(), "--numeric-owner"};
  words.insert(words.end(), parts.begin(), parts.end());
  return words;
}

Result<void> move_in(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::exists(from, error)) {
    fs::rename(from, to, error);
  }
  if (error) {
    return fail("moving " + from.string() + ": " + error.message());
  }
  return {};
}

}  // namespace

Result<fs::path> LxcRouteProcessor::export_saved(Slot slot) {
  const std::string what = "making the saved state of " + label(slot) + " whole";
  const auto room = store(slot);
  if (!is_saved(slot) || container(slot).init_pid() != 0) {
    return fail(what + ": no whole state of it is saved, or it runs again", "save it first");
  }
  ISSU_TRY(run_checked(tar("--create", room.written(), files(slot).folder, written_parts())), what);
  return room.folder();
}

Result<fs::path> LxcRouteProcessor::room_for_saved(Slot slot, std::uint64_t bytes) {
  const std::string what = "making room for a state of " + label(slot);
  ISSU_TRY(forget_saved(slot), what);
  auto room = store(slot);
  ISSU_TRY(room.prepare(bytes + bytes / 8 + arrival_reserve), what);
  ISSU_TRY(room.make_room(), what);
  return room.arrival();
}

Result<void> LxcRouteProcessor::import_saved(Slot slot) {
  const std::string what = "taking over a state for " + label(slot);
  const auto room = store(slot);
  if (container(slot).init_pid() != 0) {
    return fail(what + ": something runs in it", "power it off first");
  }
  if (!lxc::is_mounted(files(slot).rootfs())) {
    return fail(what + ": it has no image", "stage one first");
  }
  auto criu = checkpoint::locate_criu();
  if (!criu) {
    return pass(std::move(criu).error(), what);
  }
  const std::string variable = checkpoint::criu_path_variable(*criu);
  ISSU_TRY(write_file_atomic(room.criu_version(), criu->version), what);
  ISSU_TRY(write_file_atomic(room.search_path(), variable.substr(variable.find('=') + 1)), what);
  ISSU_TRY(remove_tree(room.images()), what);
  for (const auto& part :
       {room.images(), room.conditions(), room.conditions_given(), room.report(), room.written()}) {
    ISSU_TRY(move_in(room.arrival() / part.filename(), part), what);
  }
  // What is left of it are notes about the machine that it comes from.
  ISSU_TRY(remove_tree(room.arrival()), what);
  if (auto whole = checkpoint::read_dump_stats(room.images()); !whole) {
    return pass(std::move(whole).error(), what + ": it is not whole");
  }
  lxc::SlotFiles from = files(slot);
  from.folder = room.folder() / "written";
  ISSU_TRY(make_dirs(from.folder), what);
  ISSU_TRY(run_checked(tar("--extract", room.written(), from.folder, written_parts())), what);
  ISSU_TRY(lxc::carry_files(from, files(slot)), what);
  // Mounted into the container, and not there where the router has never run.
  if (!suite_.state_path.empty()) {
    ISSU_TRY(make_dirs(spec_.state_dir / "daemons", 0755), what);
  }
  ISSU_TRY(remove_tree(from.folder), what);
  return remove_tree(room.written());
}

}  // namespace issu::backends
