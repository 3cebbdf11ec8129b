#include "issu/drill/secrets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <set>
#include <system_error>

#include "issu/drill/archive_words.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTold = 8;

bool is_below(const fs::path& path, const std::vector<fs::path>& places) {
  return std::any_of(places.begin(), places.end(), [&](const fs::path& place) {
    const fs::path relative = path.lexically_relative(place);
    return !relative.empty() && *relative.begin() != "..";
  });
}

/// Every file and folder below `top`, itself not; neither links nor mounts are followed.
void each_below(const fs::path& top,
                const std::function<void(const fs::path&, const struct stat&)>& visit) {
  struct stat first {};
  std::error_code error;
  if (::lstat(top.c_str(), &first) != 0) {
    return;
  }
  for (fs::recursive_directory_iterator entry(top, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat status {};
    if (::lstat(entry->path().c_str(), &status) != 0) {
      continue;
    }
    if (S_ISDIR(status.st_mode) && status.st_dev != first.st_dev) {
      entry.disable_recursion_pending();
      continue;
    }
    visit(entry->path(), status);
  }
}

std::string few(std::vector<std::string> lines) {
  const std::size_t count = lines.size();
  if (count > kTold) {
    lines.resize(kTold);
    lines.push_back(fmt::format("… {} in all", count));
  }
  return fmt::format("{}", fmt::join(lines, "; "));
}

Judgement judged(const std::string& what, const std::vector<std::string>& found) {
  return {what, "none", found.empty() ? "none" : few(found), found.empty(), {}};
}

}  // namespace

Result<std::vector<std::string>> told_secrets(const SecretSearch& search) {
  std::vector<std::string> lines;
  std::optional<Error> unread;
  for (const fs::path& folder : search.folders) {
    each_below(folder, [&](const fs::path& path, const struct stat& status) {
      if (!S_ISREG(status.st_mode) || unread) {
        return;
      }
      const auto found = words_in_file(path, search.secrets);
      std::error_code error;
      if (!found && fs::exists(path, error)) {
        unread = found.error();
      }
      if (!found || found->empty()) {
        return;
      }
      if (!is_below(path, search.must_have)) {
        lines.push_back(path.string() + " tells a password");
      } else if ((status.st_mode & S_IRWXO) != 0) {
        lines.push_back(fmt::format("{} has a password and mode {:04o}", path.string(),
                                    status.st_mode & 07777U));
      }
    });
  }
  if (unread) {
    return fail(std::move(*unread));
  }
  return lines;
}

std::vector<std::string> open_to_others(const fs::path& folder,
                                        const std::vector<fs::path>& shared) {
  std::vector<std::string> lines;
  each_below(folder, [&](const fs::path& path, const struct stat& status) {
    constexpr mode_t of_others = S_IRWXG | S_IRWXO;
    if (!S_ISLNK(status.st_mode) && (status.st_mode & of_others) != 0 && !is_below(path, shared)) {
      lines.push_back(fmt::format("{} has mode {:04o}", path.string(), status.st_mode & 07777U));
    }
  });
  return lines;
}

std::vector<Judgement> judge_secrets(const Layout& layout,
                                     const std::vector<UpgradeRun>& upgrades) {
  std::vector<Judgement> judgements{
      judged("files of the router's state that others may read",
             open_to_others(layout.state_dir(), {layout.state_dir() / "daemons"}))};
  SecretSearch search;
  std::set<std::string> secrets;
  for (const PeerPlace& peer : layout.peers) {
    if (!peer.spec.password.empty()) {
      secrets.insert(peer.spec.password);
    }
    for (const char* file : {"bgpd.conf", "bird.conf"}) {
      search.must_have.push_back(peer.dir / file);
    }
  }
  if (secrets.empty()) {
    return judgements;
  }
  search.secrets.assign(secrets.begin(), secrets.end());
  search.folders = {layout.work, layout.run_dir(), layout.evidence()};
  search.must_have.push_back(layout.config_dir());
  for (const char* slot : {"slot-a", "slot-b"}) {
    search.must_have.push_back(layout.run_dir() / slot / "etc");
  }
  auto found = told_secrets(search);
  const std::string what = "files that tell a password and need not";
  if (!found) {
    judgements.push_back({what, "none", found.error().message(), false, {}});
    return judgements;
  }
  for (const UpgradeRun& upgrade : upgrades) {
    if (!words_in(upgrade.document, search.secrets).empty()) {
      found->push_back("the result document of \"" + upgrade.step + "\"");
    }
  }
  judgements.push_back(judged(what, *found));
  return judgements;
}

}  // namespace issu::drill
