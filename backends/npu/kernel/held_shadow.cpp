#include "backends/npu/kernel/held_shadow.hpp"

#include <cstdlib>

#include "issu/base/file.hpp"
#include "issu/base/netns.hpp"
#include "state-sync/kernel_shadow.hpp"

namespace issu::backends {
namespace {

constexpr const char* whole = " whole\n";

}  // namespace

Result<void> HeldShadow::cast(std::uint64_t epoch) const {
  const std::string of_epoch = std::to_string(epoch);
  if (read_file(note_).value_or("") == of_epoch + whole) {
    return {};
  }
  ISSU_TRY(write_file_atomic(note_, of_epoch + " begun\n"), "keeping the held routes");
  ISSU_TRY(state_sync::cast_shadow(netns_), "keeping the held routes");
  return write_file_atomic(note_, of_epoch + whole);
}

Result<void> HeldShadow::lift() const {
  std::error_code error;
  if (!std::filesystem::exists(note_, error)) {
    return {};
  }
  if (NetNs::exists(netns_)) {  // else it went with the namespace
    ISSU_TRY(state_sync::lift_shadow(netns_), "taking away the held routes' shadow");
  }
  return remove_tree(note_);
}

Result<void> HeldShadow::lift_others(std::uint64_t epoch) const {
  const std::string text = read_file(note_).value_or("");
  return std::strtoull(text.c_str(), nullptr, 10) == epoch ? Result<void>{} : lift();
}

}  // namespace issu::backends
