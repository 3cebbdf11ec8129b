#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "backends/rp.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/result.hpp"

namespace issu {

/// What lies in a slot.
struct SlotImage {
  std::string version;
  std::string compatible;
  std::string kind;    ///< "rootfs", "disk"
  std::string sha256;  ///< of the payload
  /// Of a kernel that came in an image of its own and stands beside the payload; empty: none.
  std::string kernel = {};
  std::string kernel_sha256 = {};
  /// Of the payload that ran before this one: what a kernel kept for `issu rollback` belongs to.
  std::string before_sha256 = {};
};

/// Which slot the router runs from.
struct ActiveSlot {
  backends::Slot slot = backends::Slot::a;
  std::uint64_t epoch = 0;  ///< the last NPU epoch that an upgrade of this router used
};

/// The files of a router under its state folder: payloads of the two slots, which one is active,
/// the bundles kept for `issu rollback`, journal, history, requests.
///
/// All writes are atomic; every call can be repeated after a crash in it.
class SlotStore {
 public:
  explicit SlotStore(std::filesystem::path state_dir) : dir_(std::move(state_dir)) {}

  [[nodiscard]] std::filesystem::path slot_dir(backends::Slot slot) const;
  [[nodiscard]] std::filesystem::path payload(backends::Slot slot) const;
  /// The payload of an image of kind kernel, beside the slot's own.
  [[nodiscard]] std::filesystem::path kernel(backends::Slot slot) const;
  /// What of a slot's image goes to the backend, read to its end and held against the digests that
  /// `image` has. A payload that is another one by now is an error, before anything is mounted.
  [[nodiscard]] Result<backends::StagedPayload> verified(backends::Slot slot,
                                                         const SlotImage& image) const;
  [[nodiscard]] std::filesystem::path journal() const { return dir_ / "journal"; }
  [[nodiscard]] std::filesystem::path history() const { return dir_ / "history.jsonl"; }
  /// What the upgrades cost (issu/report/ledger).
  [[nodiscard]] std::filesystem::path ledger() const { return dir_ / "sla.db"; }
  [[nodiscard]] std::filesystem::path request() const { return dir_ / "request"; }
  /// Asks the coordinator of an open upgrade for "accept" or "abort"; taken up by whoever runs it.
  /// Finds room on a full disk, too.
  Result<void> ask(const std::string& request) const;
  /// What the measurement of the last upgrade wrote.
  [[nodiscard]] std::filesystem::path evidence() const { return dir_ / "evidence"; }
  [[nodiscard]] std::filesystem::path coordinator_log() const { return dir_ / "coordinator.log"; }
  /// The bundle that the active slot runs, the one before it, and the one being brought in.
  [[nodiscard]] std::filesystem::path current_bundle() const { return dir_ / "current.raucb"; }
  [[nodiscard]] std::filesystem::path previous_bundle() const { return dir_ / "previous.raucb"; }
  [[nodiscard]] std::filesystem::path next_bundle() const { return dir_ / "next.raucb"; }

  /// No value when no image was ever brought into the router.
  [[nodiscard]] Result<std::optional<ActiveSlot>> active() const;
  Result<void> set_active(const ActiveSlot& active) const;

  [[nodiscard]] Result<std::optional<SlotImage>> image(backends::Slot slot) const;
  Result<void> set_image(backends::Slot slot, const SlotImage& image) const;
  /// The payload of one slot as that of the other, too. Takes no room where the filesystem has hard
  /// links; nobody writes to a payload.
  Result<void> share_payload(backends::Slot from, backends::Slot to) const;
  /// Removes payload and description of a slot.
  Result<void> clear(backends::Slot slot) const;

  /// Copies a bundle in as `next` (fsynced); needs room for it.
  Result<void> keep_next(const std::filesystem::path& bundle) const;
  /// next becomes current, current becomes previous; nothing to do when there is no next.
  Result<void> promote_next() const;
  Result<void> drop_next() const;

  /// Takes room on the disk for what the end of an upgrade writes, and for a request, so that one
  /// that gets full in its middle does not keep it from ending; gives it back when that is about
  /// to be written.
  Result<void> keep_reserve() const;
  void free_reserve() const;

  /// Takes the router's lock: one upgrade, one `router up` or `down` at a time. Held until the
  /// descriptor is closed; an error when somebody else holds it.
  [[nodiscard]] Result<Fd> lock() const;
  /// Whether somebody holds it; takes nothing.
  [[nodiscard]] bool is_locked() const;

 private:
  std::filesystem::path dir_;
};

}  // namespace issu
