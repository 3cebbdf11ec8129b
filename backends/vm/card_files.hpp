#pragma once

#include <filesystem>

#include "backends/card/document.hpp"
#include "backends/spec.hpp"
#include "backends/suite/suite.hpp"
#include "backends/vm/domain.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::vm {

/// Where everything of a card lies on the host. All of it below run_dir, which is memory: what the
/// card saves of its daemons never reaches a disk of the host.
class CardFiles {
 public:
  explicit CardFiles(const RouterSpec& spec) : run_dir_(spec.run_dir) {}

  [[nodiscard]] auto folder() const { return run_dir_ / "card"; }
  [[nodiscard]] auto config_disk() const { return folder() / "config.ext4"; }
  [[nodiscard]] auto state_disk() const { return folder() / "state.img"; }
  [[nodiscard]] auto serial_log() const { return folder() / "serial.log"; }
  [[nodiscard]] auto sockets() const { return folder() / "run"; }  ///< of the daemons
  /// Which slots' states are on the state disk, as far as it was heard: for when the card is off.
  [[nodiscard]] auto saved_note(Slot slot) const {
    return folder() / (std::string("saved-") + name_of(slot));
  }
  /// The kernel's payload, as the card sees it: a disk of a fixed size, empty or with a payload.
  [[nodiscard]] auto kernel_disk(Slot slot) const {
    return folder() / (std::string("kernel-") + name_of(slot) + ".img");
  }

  [[nodiscard]] auto slot(Slot slot) const {
    return run_dir_ / (std::string("slot-") + name_of(slot));
  }
  [[nodiscard]] auto payload_note(Slot slot) const { return this->slot(slot) / "payload"; }
  [[nodiscard]] auto kernel(Slot slot) const { return this->slot(slot) / "boot" / "vmlinuz"; }
  [[nodiscard]] auto initrd(Slot slot) const { return this->slot(slot) / "boot" / "initrd"; }

 private:
  std::filesystem::path run_dir_;
};

/// The disks that have to be there before a card starts: the configuration, written anew; one for
/// the state and one a slot for its kernel, made where they are missing.
Result<void> write_card_disks(const RouterSpec& spec, const Suite& suite);

/// A hardware address of its own for a port's network card of a slot: the same each time.
[[nodiscard]] std::string card_mac(const RouterSpec& spec, std::size_t port, Slot slot);

/// Which of the host's sockets leads to which virtio-serial port.
[[nodiscard]] std::vector<GuestChannel> card_channels(const RouterSpec& spec, const Suite& suite);

/// Unpacks a payload of kind kernel for the slot and puts it on the disk that the card has of it.
Result<void> stage_kernel(const CardFiles& files, Slot slot, const std::filesystem::path& payload);
/// Takes it from the disk again.
Result<void> wipe_kernel(const CardFiles& files, Slot slot);
/// Whether it is one: a squashfs with vmlinuz and initrd at its top.
Result<void> check_kernel(const std::filesystem::path& payload);

}  // namespace issu::backends::vm
