#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "issu/base/file.hpp"
#include "issu/image/bundle.hpp"
#include "issu/image/squashfs.hpp"
#include "issu/signing/digest.hpp"

namespace issu::image {
namespace {

namespace fs = std::filesystem;

/// A folder that is removed at the end, whatever happens.
class Workplace {
 public:
  explicit Workplace(fs::path folder) : folder_(std::move(folder)) {}
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Result<void> make() {
    // What a killed run left behind goes first.
    ISSU_TRY(remove_tree(folder_), "preparing to extract");
    return make_dirs(folder_);
  }
  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

Result<void> check_room(const VerifiedBundle& bundle, const fs::path& folder) {
  std::error_code error;
  const auto space = fs::space(folder, error);
  if (error) {
    return fail("the free space of " + folder.string() + " is not known: " + error.message());
  }
  if (space.available < bundle.payload_size()) {
    return fail(
        fmt::format("the payload of {} has {} bytes and {} has room for {}", bundle.path().string(),
                    bundle.payload_size(), folder.string(), space.available),
        "make room there", ErrorKind::refused);
  }
  return {};
}

/// Extracts into the workplace and verifies; gives back the payload's place there.
Result<fs::path> extract_verified(const VerifiedBundle& bundle, const Workplace& workplace) {
  const ImageEntry& payload = bundle.manifest().payload();
  ISSU_TRY(extract_entry(bundle.open_path(), payload.filename, workplace.folder()),
           "reading " + bundle.path().string());
  const fs::path place = workplace.folder() / payload.filename;
  const Fd file(::open(place.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) {
    return fail_errno("opening " + place.string());
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return fail_errno("looking at " + place.string());
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto digest = signing::sha256_of(file, size, place.string());
  if (!digest) {
    return fail(digest.error());
  }
  if (size != payload.size || *digest != payload.sha256) {
    return fail(
        fmt::format("{} in {} is not what the manifest says: sha256 {} and {} bytes, wanted "
                    "{} and {}",
                    payload.filename, bundle.path().string(), *digest, size, payload.sha256,
                    payload.size),
        "build the image again", ErrorKind::refused);
  }
  if (::fchmod(file.get(), 0600) != 0 || ::fsync(file.get()) != 0) {
    return fail_errno("syncing " + place.string());
  }
  return place;
}

}  // namespace

Result<void> extract_payload(const VerifiedBundle& bundle, const fs::path& target) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  ISSU_TRY(check_room(bundle, folder), "extracting the payload");
  Workplace workplace(target.string() + ".part");
  ISSU_TRY(workplace.make(), "extracting the payload");
  const auto place = extract_verified(bundle, workplace);
  if (!place) {
    return fail(place.error());
  }
  if (::rename(place->c_str(), target.c_str()) != 0) {
    return fail_errno("renaming " + place->string() + " to " + target.string());
  }
  const Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) {
    return fail_errno("syncing " + folder.string());
  }
  return {};
}

Result<void> verify_payload(const VerifiedBundle& bundle) {
  std::string pattern = (fs::temp_directory_path() / "issu-verify-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return fail_errno("making a folder like " + pattern);
  }
  const Workplace workplace(pattern);
  ISSU_TRY(check_room(bundle, workplace.folder()), "verifying the payload");
  if (auto place = extract_verified(bundle, workplace); !place) {
    return fail(std::move(place).error());
  }
  return {};
}

}  // namespace issu::image
