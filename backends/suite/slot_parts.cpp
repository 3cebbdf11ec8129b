#include "backends/suite/slot_parts.hpp"

#include "issu/base/file.hpp"

namespace issu::backends {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t file_limit = 256U << 20U;

Result<void> copy_file(const fs::path& from, const fs::path& to, mode_t mode) {
  auto text = read_file(from, file_limit);
  if (!text) {
    return fail(std::move(text).error());
  }
  return write_file_atomic(to, *text, mode);
}

}  // namespace

Result<const Suite*> suite_of(const RouterSpec& spec) {
  const Suite* suite = find_suite(spec.suite);
  if (suite == nullptr) {
    return fail("the suite `" + spec.suite + "` is not known", "frr or bird");
  }
  if (spec.name.empty() || spec.name.size() > 24 ||
      spec.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
    return fail("`" + spec.name + "` cannot be a router's name",
                "a-z, 0-9 and -, 24 characters at most");
  }
  return suite;
}

Result<fs::path> find_init_program() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate :
       {self / "issu-init", self.parent_path() / "libexec/issu/issu-init"}) {
    if (!error && fs::is_regular_file(candidate, error)) {
      return candidate;
    }
  }
  return fail(
      "issu-init is not beside this program (" + self.string() + "), nor in ../libexec/issu",
      "build or install it with the rest");
}

Result<void> bring_init_program(const fs::path& to) {
  const auto program = find_init_program();
  return program ? copy_file(*program, to, 0755) : Result<void>(fail(program.error()));
}

Result<void> copy_config(const Suite& suite, const fs::path& from, const fs::path& to) {
  ISSU_TRY(make_dirs(to, 0755), "copying the configuration");
  std::error_code error;
  for (fs::directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path name = entry->path().filename();
    if (entry->is_directory()) {
      ISSU_TRY(copy_config(suite, entry->path(), to / name), "copying " + entry->path().string());
    } else if (entry->is_regular_file() && suite.takes_config(name.string())) {
      ISSU_TRY(copy_file(entry->path(), to / name, 0640), "copying " + entry->path().string());
    }
  }
  if (error) {
    return fail("reading the configuration folder " + from.string() + ": " + error.message(),
                "see config_dir in router.toml");
  }
  return {};
}

}  // namespace issu::backends
