#include "issu/slot_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "issu/base/file.hpp"
#include "issu/base/json.hpp"
#include "issu/signing/digest.hpp"

namespace issu {
namespace {

namespace fs = std::filesystem;

/// Which slot is active, an entry in the SLA ledger, a line of the history.
constexpr off_t room_for_the_end = 256 << 10;
/// For what a person asks of an upgrade that runs while the disk is full.
constexpr off_t room_for_a_request = 16 << 10;
constexpr const char* request_reserve = "request.reserve";

Result<std::optional<nlohmann::json>> read_object(const fs::path& file) {
  if (!fs::exists(file)) {
    return std::optional<nlohmann::json>();
  }
  auto text = read_file(file, 1U << 20U);
  if (!text) {
    return fail(std::move(text).error());
  }
  auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) {
    return fail(file.string() + " is not readable as JSON",
                "restore it, or take the router down with --purge and up again",
                ErrorKind::needs_person);
  }
  return std::optional<nlohmann::json>(std::move(json));
}

Result<void> rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return fail_errno("renaming " + from.string() + " to " + to.string());
  }
  return {};
}

Result<void> has_digest(const fs::path& file, const std::string& wanted) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    return fail_errno("opening " + file.string());
  }
  const auto digest =
      signing::sha256_of(fd, static_cast<std::uint64_t>(status.st_size), file.string());
  if (!digest) {
    return fail(digest.error());
  }
  if (*digest != wanted) {
    return fail(file.string() + " is not what was verified when it was brought in: its sha256 is " +
                    *digest + ", not " + wanted,
                "its disk is damaged, or somebody changed it: take the router down with --purge "
                "and up with its image again, and find out which",
                ErrorKind::needs_person);
  }
  return {};
}

Result<void> sync_file(const fs::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) {
    return fail_errno("syncing " + file.string());
  }
  return {};
}

}  // namespace

fs::path SlotStore::slot_dir(backends::Slot slot) const {
  return dir_ / "slots" / backends::name_of(slot);
}

fs::path SlotStore::payload(backends::Slot slot) const {
  return slot_dir(slot) / "payload.squashfs";
}

fs::path SlotStore::kernel(backends::Slot slot) const {
  return slot_dir(slot) / "kernel.squashfs";
}

Result<backends::StagedPayload> SlotStore::verified(backends::Slot slot,
                                                    const SlotImage& image) const {
  ISSU_TRY(has_digest(payload(slot), image.sha256), "verifying the payload of a slot");
  if (image.kernel.empty()) {
    return backends::StagedPayload{payload(slot), image.version};
  }
  ISSU_TRY(has_digest(kernel(slot), image.kernel_sha256), "verifying the kernel of a slot");
  return backends::StagedPayload{payload(slot), image.version, kernel(slot)};
}

Result<std::optional<ActiveSlot>> SlotStore::active() const {
  auto json = read_object(dir_ / "active.json");
  if (!json) {
    return pass(std::move(json).error(), "reading which slot is active");
  }
  if (!*json) {
    return std::optional<ActiveSlot>();
  }
  ActiveSlot active;
  const std::string slot = value_of(**json, "slot", "");
  const auto epoch = (*json)->find("epoch");
  if ((slot != "a" && slot != "b") || epoch == (*json)->end() || !epoch->is_number_unsigned()) {
    return fail((dir_ / "active.json").string() + " does not say which slot is active",
                "restore it, or take the router down with --purge and up again",
                ErrorKind::needs_person);
  }
  active.slot = slot == "b" ? backends::Slot::b : backends::Slot::a;
  active.epoch = epoch->get<std::uint64_t>();
  return std::optional<ActiveSlot>(active);
}

Result<void> SlotStore::set_active(const ActiveSlot& active) const {
  const nlohmann::json json{{"slot", backends::name_of(active.slot)}, {"epoch", active.epoch}};
  return write_file_atomic(dir_ / "active.json", json.dump() + "\n");
}

Result<std::optional<SlotImage>> SlotStore::image(backends::Slot slot) const {
  auto json = read_object(slot_dir(slot) / "image.json");
  if (!json) {
    return pass(std::move(json).error(), "reading what lies in a slot");
  }
  if (!*json) {
    return std::optional<SlotImage>();
  }
  return std::optional<SlotImage>(SlotImage{
      value_of(**json, "version", ""), value_of(**json, "compatible", ""),
      value_of(**json, "kind", ""), value_of(**json, "sha256", ""), value_of(**json, "kernel", ""),
      value_of(**json, "kernel_sha256", ""), value_of(**json, "before_sha256", "")});
}

Result<void> SlotStore::set_image(backends::Slot slot, const SlotImage& image) const {
  nlohmann::json json{{"version", image.version},
                      {"compatible", image.compatible},
                      {"kind", image.kind},
                      {"sha256", image.sha256}};
  if (!image.kernel.empty()) {
    json["kernel"] = image.kernel;
    json["kernel_sha256"] = image.kernel_sha256;
  }
  if (!image.before_sha256.empty()) {
    json["before_sha256"] = image.before_sha256;
  }
  return write_file_atomic(slot_dir(slot) / "image.json", json.dump() + "\n");
}

Result<void> SlotStore::share_payload(backends::Slot from, backends::Slot to) const {
  std::error_code error;
  fs::remove(payload(to), error);
  fs::create_hard_link(payload(from), payload(to), error);
  if (error) {
    error.clear();
    fs::copy_file(payload(from), payload(to), fs::copy_options::overwrite_existing, error);
  }
  if (error) {
    return fail("bringing " + payload(from).string() + " to " + payload(to).string() + ": " +
                error.message());
  }
  return sync_file(payload(to));
}

Result<void> SlotStore::clear(backends::Slot slot) const {
  return remove_tree(slot_dir(slot));
}

Result<void> SlotStore::keep_next(const fs::path& bundle) const {
  std::error_code error;
  const fs::path partial = next_bundle().string() + ".part";
  fs::copy_file(bundle, partial, fs::copy_options::overwrite_existing, error);
  // The copy has the mode of what was copied.
  if (!error) {
    fs::permissions(partial, fs::perms::owner_read | fs::perms::owner_write, error);
  }
  if (error) {
    return fail("copying " + bundle.string() + " to " + partial.string() + ": " + error.message(),
                "make room on that disk");
  }
  ISSU_TRY(sync_file(partial), "keeping the bundle");
  return rename_file(partial, next_bundle());
}

Result<void> SlotStore::promote_next() const {
  if (!fs::exists(next_bundle())) {
    return {};
  }
  if (fs::exists(current_bundle())) {
    ISSU_TRY(rename_file(current_bundle(), previous_bundle()), "keeping the old bundle");
  }
  ISSU_TRY(rename_file(next_bundle(), current_bundle()), "keeping the new bundle");
  return sync_file(dir_);
}

namespace {

Result<void> take_room(const fs::path& file, off_t bytes) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno("creating " + file.string());
  }
  if (const int error = ::posix_fallocate(fd.get(), 0, bytes); error != 0) {
    return fail(Error::from_errno("taking room for " + file.string(), error, "make room there"));
  }
  return {};
}

}  // namespace

Result<void> SlotStore::keep_reserve() const {
  ISSU_TRY(take_room(dir_ / request_reserve, room_for_a_request), "");
  return take_room(dir_ / "reserve", room_for_the_end);
}

void SlotStore::free_reserve() const {
  std::error_code error;
  fs::remove(dir_ / "reserve", error);
  fs::remove(dir_ / request_reserve, error);
}

Result<void> SlotStore::ask(const std::string& request) const {
  auto written = write_file_atomic(this->request(), request + "\n");
  std::error_code error;
  if (!written && fs::remove(dir_ / request_reserve, error)) {
    written = write_file_atomic(this->request(), request + "\n");
  }
  if (!written) {
    return fail("`" + request +
                    "` does not reach the coordinator, which goes on as if nobody had asked: " +
                    written.error().message(),
                "let " + dir_.string() + " be written to, then ask again", ErrorKind::refused);
  }
  return {};
}

Result<void> SlotStore::drop_next() const {
  std::error_code error;
  fs::remove(next_bundle(), error);
  fs::remove(next_bundle().string() + ".part", error);
  return {};
}

namespace {

Result<Fd> open_lock(const fs::path& dir) {
  ISSU_TRY(make_dirs(dir), "locking the router");
  const fs::path file = dir / "lock";
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno("opening " + file.string());
  }
  return fd;
}

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<Fd> SlotStore::lock() const {
  auto fd = open_lock(dir_);
  if (!fd) {
    return fd;
  }
  struct flock lock = whole_file();
  if (::fcntl(fd->get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return fail(
          "another issu command works on this router (it holds " + (dir_ / "lock").string() + ")",
          "see `issu status`; wait for its end, or `issu abort`", ErrorKind::refused);
    }
    return fail_errno("locking " + (dir_ / "lock").string());
  }
  return fd;
}

bool SlotStore::is_locked() const {
  auto fd = open_lock(dir_);
  struct flock lock = whole_file();
  return fd && ::fcntl(fd->get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace issu
