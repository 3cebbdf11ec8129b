#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "issu/base/child.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/base/id_map.hpp"
#include "issu/base/user_ns.hpp"
#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

/// A squashfs (gzip) that holds one file, "mark", with the word "issu".
constexpr std::array<unsigned char, 179> tiny_image = {
    0x68, 0x73, 0x71, 0x73, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x11, 0x00, 0x50, 0x02, 0x01, 0x00, 0x04, 0x00,
    0x00, 0x00, 0x24, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xb3, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xab, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x8d, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0xa5, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x69, 0x73, 0x73, 0x75, 0x27, 0x00, 0x78, 0xda, 0x63,
    0x62, 0x58, 0xc2, 0xc8, 0x00, 0x05, 0x20, 0x46, 0x02, 0x10, 0xff, 0x07, 0x02, 0x10, 0x9f,
    0x05, 0x82, 0x19, 0x19, 0x19, 0xde, 0xc2, 0xd5, 0x30, 0x21, 0xd1, 0xd2, 0x40, 0xcc, 0x0c,
    0xc4, 0x00, 0x16, 0xda, 0x06, 0x1f, 0x16, 0x00, 0x78, 0xda, 0x63, 0x60, 0x80, 0x00, 0x46,
    0x28, 0xcd, 0xc4, 0xc0, 0xcc, 0x90, 0x9b, 0x58, 0x94, 0x0d, 0x00, 0x04, 0x70, 0x01, 0xb2,
    0x04, 0x80, 0x00, 0x00, 0x00, 0x00, 0xa5, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};

/// The image as a file that has no name anywhere.
Result<Fd> image_file() {
  Fd file(::memfd_create("issu-doctor", MFD_CLOEXEC));
  if (!file || ::ftruncate(file.get(), 4096) != 0 ||
      ::pwrite(file.get(), tiny_image.data(), tiny_image.size(), 0) !=
          static_cast<ssize_t>(tiny_image.size())) {
    return fail_errno("a file in memory");
  }
  return file;
}

struct Loop {
  Fd device;  ///< gives the file back when it and the mounts are gone
  std::string path;
};

Result<Loop> loop_device(const Fd& file) {
  const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) {
    return fail_errno("opening /dev/loop-control");
  }
  // Between asking for a free one and taking it another process can be faster.
  for (int tries = 0; tries < 10; ++tries) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) {
      return fail_errno("asking for a loop device");
    }
    Loop loop{Fd(), "/dev/loop" + std::to_string(number)};
    loop.device = Fd(::open(loop.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!loop.device) {
      return fail_errno("opening " + loop.path);
    }
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(file.get());
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    if (::ioctl(loop.device.get(), LOOP_CONFIGURE, &config) == 0) {
      return loop;
    }
    if (errno != EBUSY) {
      return fail_errno("configuring " + loop.path);
    }
  }
  return fail("every free loop device was taken by somebody else first");
}

Result<Loop> mounted_image() {
  auto file = image_file();
  if (!file) {
    return fail(std::move(file).error());
  }
  auto loop = loop_device(*file);
  if (!loop) {
    return loop;
  }
  ISSU_TRY(make_dirs("/run/lower"), "the trial's mount point");
  if (::mount(loop->path.c_str(), "/run/lower", "squashfs", MS_RDONLY, nullptr) != 0) {
    return fail_errno("mounting a squashfs from " + loop->path);
  }
  auto text = read_file("/run/lower/mark");
  if (!text || *text != "issu") {
    return fail("the mounted squashfs does not hold what was put in");
  }
  return loop;
}

Result<std::string> try_squashfs() {
  auto loop = mounted_image();
  if (!loop) {
    return fail(std::move(loop).error());
  }
  return "mounted one from " + loop->path;
}

Result<std::string> try_overlay() {
  auto loop = mounted_image();
  if (!loop) {
    return fail("no squashfs to lay it over: " + loop.error().what());
  }
  for (const char* folder : {"/run/upper", "/run/work", "/run/merged"}) {
    ISSU_TRY(make_dirs(folder), "the trial's mount point");
  }
  if (::mount("overlay", "/run/merged", "overlay", 0,
              "lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work") != 0) {
    return fail_errno("mounting an overlay above a squashfs");
  }
  ISSU_TRY(write_file_atomic("/run/merged/mark", "changed"), "writing into an overlay");
  const auto below = read_file("/run/lower/mark");
  const auto above = read_file("/run/upper/mark");
  if (below.value_or("") != "issu" || above.value_or("") != "changed") {
    return fail("a file written into an overlay is not in its upper folder");
  }
  return std::string("a file of a squashfs was changed in the layer above it");
}

/// Made and thrown away: the namespaces of a container whose root is an ordinary user of the host,
/// with its root filesystem.
Result<std::string> try_mapped() {
  constexpr std::uint32_t first = 9 * 65536;
  auto inside = UserNs::temporary(first, true);
  if (!inside) {
    return fail(std::move(inside).error());
  }
  auto loop = mounted_image();
  if (!loop) {
    return fail("no squashfs to map the ids of: " + loop.error().what());
  }
  ISSU_TRY(map_ids("/run/lower", inside->ns("user")), "the trial's image");
  for (const char* folder : {"/run/upper", "/run/work", "/run/merged"}) {
    ISSU_TRY(make_dirs(folder), "the trial's mount point");
  }
  if (::mount("overlay", "/run/merged", "overlay", 0,
              "lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work") != 0) {
    return fail_errno("mounting an overlay above a squashfs with mapped ids");
  }
  struct stat status {};
  if (::stat("/run/merged/mark", &status) != 0 || status.st_uid != first) {
    return fail("a file of root in the image is not one of user " + std::to_string(first));
  }
  return "root of an image is user " + std::to_string(first) + ", as it is in a user namespace";
}

Result<std::string> try_mksquashfs() {
  auto said = run({"mksquashfs", "-version"});
  if (!said) {
    return fail(std::move(said).error());
  }
  return said->out.substr(0, said->out.find('('));
}

}  // namespace

std::vector<Capability> check_storage(const Options& options) {
  Capability squashfs{"squashfs",
                      "squashfs on a loop device",
                      Present::unknown,
                      "",
                      "an image's root filesystem",
                      "modprobe loop squashfs, or a kernel with CONFIG_SQUASHFS_ZLIB",
                      {"lxc"}};
  Capability overlay{"overlay",
                     "overlay",
                     Present::unknown,
                     "",
                     "what a container writes, above its image",
                     "modprobe overlay, or a kernel with CONFIG_OVERLAY_FS",
                     {"lxc"}};
  Capability mapped{"mapped-image",
                    "containers in a user namespace",
                    Present::unknown,
                    "",
                    "`user_namespace` in router.toml: a root in the container that is not the "
                    "host's (without it, daemons as the host's root)",
                    "a kernel with CONFIG_USER_NS that maps the ids of squashfs (from 6.2 on)",
                    {"user-namespace"}};
  Capability tools{"mksquashfs",
                   "mksquashfs",
                   Present::unknown,
                   "",
                   "`issu image build`, and the configuration disk of a virtual machine",
                   "apt-get install squashfs-tools",
                   {"standby", "vm"}};
  return {tried(std::move(squashfs), try_squashfs, options),
          tried(std::move(overlay), try_overlay, options),
          tried(std::move(mapped), try_mapped, options),
          tried(std::move(tools), try_mksquashfs, options)};
}

}  // namespace issu::doctor
