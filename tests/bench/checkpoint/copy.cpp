#include "tests/bench/checkpoint/copy.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "backends/lxc/image_store.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"

namespace issu::bench {
namespace {

class Mapping {
 public:
  Mapping(std::uint64_t bytes, int fd)
      : bytes_(bytes),
        at_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                   fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (ok()) {
      ::munmap(at_, bytes_);
    }
  }
  [[nodiscard]] bool ok() const { return at_ != MAP_FAILED; }
  [[nodiscard]] void* get() const { return at_; }

 private:
  std::uint64_t bytes_;
  void* at_;
};

double copy(const Mapping& to, const Mapping& from, std::uint64_t bytes) {
  const MonoNs begin = mono_now();
  std::memcpy(to.get(), from.get(), bytes);
  return to_ms(mono_now() - begin);
}

Result<CopyReport> copy_in(const std::filesystem::path& folder, std::uint64_t bytes) {
  const Fd fd(::open((folder / "copy").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
    return fail_errno("making a file in " + folder.string());
  }
  const Mapping source(bytes, -1);
  const Mapping file(bytes, fd.get());
  const Mapping target(bytes, -1);
  if (!source.ok() || !file.ok() || !target.ok()) {
    return fail_errno("mapping memory");
  }
  std::memset(source.get(), 0x5A, bytes);
  CopyReport report;
  report.into_cold_ms = copy(file, source, bytes);
  report.into_warm_ms = copy(file, source, bytes);
  report.out_cold_ms = copy(target, file, bytes);
  report.out_warm_ms = copy(target, file, bytes);
  return report;
}

}  // namespace

Result<CopyReport> copy_through(const std::filesystem::path& folder, std::uint64_t bytes) {
  backends::lxc::ImageStore store(folder);
  ISSU_TRY(store.prepare(bytes + bytes / 4 + (64U << 20U)), "a place to copy to");
  ISSU_TRY(store.make_room(), "a place to copy to");
  auto report = copy_in(store.images(), bytes);
  ISSU_TRY(store.remove(), "a place to copy to");
  return report;
}

}  // namespace issu::bench
