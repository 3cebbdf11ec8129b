#include "backends/lxc/user_namespace.hpp"

#include <sys/stat.h>

#include <optional>
#include <sstream>

#include "backends/lxc/rootfs.hpp"
#include "issu/base/file.hpp"
#include "issu/base/id_map.hpp"
#include "issu/base/user_ns.hpp"

namespace issu::backends::lxc {
namespace {

namespace fs = std::filesystem;

constexpr mode_t searchable = 0011;  // by group and others

fs::path kept_files(const RouterSpec& spec) {
  return spec.state_dir / "daemons";
}

Result<void> open_folder(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) {
    return fail_errno("looking at " + folder.string());
  }
  if ((status.st_mode & searchable) != searchable &&
      ::chmod(folder.c_str(), (status.st_mode & 07777U) | searchable) != 0) {
    return fail_errno("opening " + folder.string() + " for the container's users");
  }
  return {};
}

/// The folder itself, and the one that is the home of all routers.
Result<void> open_way(const fs::path& folder) {
  if (folder.parent_path().filename() == "issu") {
    ISSU_TRY(open_folder(folder.parent_path()), "");
  }
  return open_folder(folder);
}

/// A folder above `folder`, not one of ours, that the container's users can't pass; empty: none.
fs::path closed_above(const fs::path& folder) {
  for (fs::path above = folder.parent_path(); above.has_relative_path();
       above = above.parent_path()) {
    struct stat status {};
    if (::stat(above.c_str(), &status) == 0 && (status.st_mode & S_IXOTH) == 0 &&
        above.filename() != "issu") {
      return above;
    }
  }
  return {};
}

/// Whom /etc/subuid or /etc/subgid gives some of these ids; empty: nobody but root.
std::string owner_of_ids(const char* file, std::uint64_t first) {
  std::istringstream lines(read_file(file).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t from = 0;
    std::uint64_t count = 0;
    char colon = 0;
    if (std::getline(words, name, ':') && words >> from >> colon >> count && name != "root" &&
        from < first + UserNs::ids && first < from + count) {
      return name;
    }
  }
  return {};
}

}  // namespace

void add_user_namespace(ConfigItems& items, const RouterSpec& spec) {
  if (!spec.first_id) {
    return;
  }
  const std::string range =
      " 0 " + std::to_string(*spec.first_id) + " " + std::to_string(UserNs::ids);
  items.emplace_back("lxc.namespace.share.user", spec.user_ns().string());
  // liblxc maps nothing in a namespace that it shares; it becomes root in it because of these.
  items.emplace_back("lxc.idmap", "u" + range);
  items.emplace_back("lxc.idmap", "g" + range);
}

Result<void> give_files(const RouterSpec& spec, const Suite& suite, const SlotFiles& files) {
  const std::string what = "giving its files to the container's users";
  if (!suite.state_path.empty()) {
    ISSU_TRY(shift_owners(kept_files(spec), spec.first_id.value_or(0)), what);
  }
  if (!spec.first_id) {
    return {};
  }
  // Through the overlay, which must not be changed below: what is in the image has its owners.
  for (const auto& tree : {files.rootfs(), files.config(), files.run(), files.init()}) {
    ISSU_TRY(shift_owners(tree, *spec.first_id), what);
  }
  ISSU_TRY(open_way(spec.run_dir), what);
  ISSU_TRY(suite.state_path.empty() ? Result<void>() : open_way(spec.state_dir), what);
  return {};
}

Result<void> check_user_namespace(const RouterSpec& spec, const Suite& suite) {
  if (!spec.first_id) {
    return {};
  }
  std::optional<Error> found;
  const auto add = [&found](Error error) {
    if (found) {
      found->also(std::move(error));
    } else {
      found = std::move(error);
    }
  };
  if (auto made = UserNs::temporary(*spec.first_id, true); !made) {
    add(std::move(made).error().within("the router's containers can't be in a user namespace"));
  } else {
    for (const Slot slot : {Slot::a, Slot::b}) {
      const auto image = SlotFiles(spec, slot).image();
      if (is_mounted(image) && !UserNs::exists(spec.user_ns())) {
        add(Error("the router is up without a user namespace", "`issu router down` first"));
        break;
      }
    }
  }
  for (const char* file : {"/etc/subuid", "/etc/subgid"}) {
    if (const std::string name = owner_of_ids(file, *spec.first_id); !name.empty()) {
      add(Error(std::string(file) + " gives ids from " + std::to_string(*spec.first_id) +
                    " on to " + name,
                "choose others with user_namespace in router.toml"));
    }
  }
  for (const auto& folder : {spec.run_dir, suite.state_path.empty() ? "/" : spec.state_dir}) {
    if (const fs::path closed = closed_above(folder); !closed.empty()) {
      add(Error("the container's users can't pass " + closed.string() + " on the way to " +
                    folder.string(),
                "chmod o+x " + closed.string() + ", or choose another folder in router.toml"));
    }
  }
  if (found) {
    return fail(std::move(*found));
  }
  return {};
}

}  // namespace issu::backends::lxc
