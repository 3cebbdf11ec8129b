#include "backends/vm/card_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "backends/card/initrd.hpp"
#include "backends/suite/slot_parts.hpp"
#include "backends/vm/guest_files.hpp"
#include "issu/base/child.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::vm {
namespace {

namespace fs = std::filesystem;

/// Sparse files: what is not written takes no memory.
constexpr std::uint64_t kernel_disk_bytes = 128U << 20U;
constexpr std::uint64_t config_disk_bytes = 64ULL << 20U;
constexpr std::uint64_t state_disk_bytes = 2048ULL << 20U;

Result<void> make_sparse(const fs::path& file, std::uint64_t bytes) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
    return fail_errno("making the disk " + file.string());
  }
  return {};
}

/// Writes into the same file: the card has it open.
Result<void> write_into(const fs::path& from, const fs::path& to) {
  const Fd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd target(::open(to.c_str(), O_WRONLY | O_CLOEXEC));
  if (!source || !target) {
    return fail_errno("opening " + (source ? to : from).string());
  }
  std::array<char, 1U << 16U> piece{};
  ssize_t count = 0;
  while ((count = ::read(source.get(), piece.data(), piece.size())) > 0) {
    if (::write(target.get(), piece.data(), static_cast<std::size_t>(count)) != count) {
      return fail_errno("writing " + to.string());
    }
  }
  return count == 0 ? Result<void>() : fail_errno("reading " + from.string());
}

/// A program of ours that runs in the card, beside the one that runs here.
Result<fs::path> program_of_ours(const std::string& name) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate : {self / name, self.parent_path() / "libexec/issu" / name}) {
    if (!error && fs::is_regular_file(candidate, error)) {
      return candidate;
    }
  }
  return fail(name + " is not beside this program, nor in ../libexec/issu",
              "build or install it with the rest");
}

Result<void> bring_program(const std::string& name, const fs::path& folder) {
  auto program = program_of_ours(name);
  if (!program) {
    return fail(std::move(program).error());
  }
  std::error_code error;
  fs::copy_file(*program, folder / name, fs::copy_options::overwrite_existing, error);
  return error ? Result<void>(fail("copying " + name + ": " + error.message())) : Result<void>();
}

Result<card::CardDocument> document_of(const RouterSpec& spec, const Suite& suite) {
  card::CardDocument document;
  document.router = spec.name;
  document.suite = spec.suite;
  document.daemons = spec.daemons;
  document.takes_fpm = spec.npu.takes_fpm();
  document.memory_mib = spec.vm.memory_mib;
  for (std::size_t n = 0; n < spec.ports.size(); ++n) {
    const PortSpec& port = spec.ports[n];
    auto mac = mac_of(spec, n);
    if (!mac) {
      return fail(std::move(mac).error());
    }
    document.ports.push_back({port.name,
                              std::move(*mac),
                              {card_mac(spec, n, Slot::a), card_mac(spec, n, Slot::b)},
                              port.addresses,
                              port.mtu});
  }
  for (const GuestChannel& channel : card_channels(spec, suite)) {
    if (channel.name.starts_with("issu.fpm.")) {
      continue;  // no socket of a daemon
    }
    document.channels.push_back({channel.name, channel.socket.filename().string()});
  }
  return document;
}

}  // namespace

std::vector<GuestChannel> card_channels(const RouterSpec& spec, const Suite& suite) {
  const CardFiles files(spec);
  std::vector<GuestChannel> channels;
  if (suite.name == "bird") {
    channels.push_back({"issu.bird", files.sockets() / "bird.ctl"});
    return channels;
  }
  for (const std::string& daemon : spec.daemons) {
    channels.push_back({"issu." + daemon, files.sockets() / (daemon + ".vty")});
  }
  if (spec.npu.takes_fpm()) {
    for (const Slot slot : {Slot::a, Slot::b}) {
      channels.push_back({card::feed_port(slot), spec.feed_socket(slot)});
    }
  }
  return channels;
}

std::string card_mac(const RouterSpec& spec, std::size_t port, Slot slot) {
  // Only the card sees them; the port's own address is what goes out.
  const auto hash = static_cast<std::uint32_t>(std::hash<std::string>{}(spec.name));
  return fmt::format("02:15:{:02x}:{:02x}:{:02x}:{:02x}", hash & 0xffU, hash >> 8U & 0xffU,
                     port & 0xffU, slot == Slot::a ? 0x0a : 0x0b);
}

Result<void> write_card_disks(const RouterSpec& spec, const Suite& suite) {
  const std::string what = "writing the card's disks";
  const CardFiles files(spec);
  const fs::path tree = files.folder() / "config";
  ISSU_TRY(make_dirs(files.sockets(), 0755), what);
  ISSU_TRY(remove_tree(tree), what);
  ISSU_TRY(copy_config(suite, spec.config_dir, tree / "etc"), what);
  for (const char* program : {"issu-card", "issu-card-start", "issu-init", "issu-criu"}) {
    ISSU_TRY(bring_program(program, tree), what);
  }
  auto document = document_of(spec, suite);
  if (!document) {
    return pass(std::move(document).error(), what);
  }
  ISSU_TRY(write_file_atomic(tree / "card.json", card::write_document(*document)), what);
  for (const Slot slot : {Slot::a, Slot::b}) {
    ISSU_TRY(make_dirs(spec.feed_socket(slot).parent_path(), 0755), what);
  }
  ISSU_TRY(remove_tree(files.config_disk()), what);
  ISSU_TRY(make_sparse(files.config_disk(), config_disk_bytes), what);
  // Not a squashfs: its blocks would have to be copied by the card, while it is dark.
  ISSU_TRY(run_checked({"mke2fs", "-q", "-t", "ext4", "-m", "0", "-O", "^has_journal", "-E",
                        "root_owner=0:0", "-d", tree.string(), files.config_disk().string()}),
           what);
  ISSU_TRY(remove_tree(tree), what);
  for (const Slot slot : {Slot::a, Slot::b}) {
    if (!fs::exists(files.kernel_disk(slot))) {
      ISSU_TRY(make_sparse(files.kernel_disk(slot), kernel_disk_bytes), what);
    }
  }
  if (!fs::exists(files.state_disk())) {
    const fs::path fresh = files.folder() / "state.new";
    ISSU_TRY(make_sparse(fresh, state_disk_bytes), what);
    ISSU_TRY(run_checked({"mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=0,root_owner=0:0",
                          fresh.string()}),
             what);
    std::error_code error;
    fs::rename(fresh, files.state_disk(), error);
    if (error) {
      return fail(what + ": " + error.message());
    }
  }
  return {};
}

Result<void> check_kernel(const fs::path& payload) {
  auto listed = run_checked({"unsquashfs", "-l", "-d", "", payload.string()});
  if (!listed) {
    return pass(std::move(listed).error(), "looking into the kernel's payload");
  }
  for (const char* name : {"\n/vmlinuz\n", "\n/initrd\n"}) {
    if (("\n" + *listed + "\n").find(name) == std::string::npos) {
      return fail("the image has no" + std::string(name).substr(1, std::string(name).size() - 2) +
                      ": it is no kernel for a card",
                  "scenarios/images/build makes them: card-kernel-6.1-old, card-kernel-6.12",
                  ErrorKind::refused);
    }
  }
  return {};
}

Result<void> stage_kernel(const CardFiles& files, Slot slot, const fs::path& payload) {
  const fs::path folder = files.kernel(slot).parent_path();
  ISSU_TRY(check_kernel(payload), "");
  ISSU_TRY(remove_tree(folder), "unpacking the kernel");
  ISSU_TRY(run_checked({"unsquashfs", "-q", "-n", "-d", folder.string(), payload.string(),
                        "vmlinuz", "initrd"}),
           "unpacking the kernel");
  auto start = program_of_ours("issu-card-start");
  if (!start) {
    return fail(std::move(start).error());
  }
  ISSU_TRY(card::initrd_with_start(files.initrd(slot), *start, files.initrd(slot)), "");
  if (!fs::exists(files.kernel_disk(slot))) {
    ISSU_TRY(make_dirs(files.folder(), 0700), "");
    ISSU_TRY(make_sparse(files.kernel_disk(slot), kernel_disk_bytes), "");
  }
  std::error_code error;
  if (fs::file_size(payload, error) > kernel_disk_bytes || error) {
    return fail("the kernel's payload is larger than the " +
                std::to_string(kernel_disk_bytes >> 20U) + " MiB of the card's disk for it");
  }
  return write_into(payload, files.kernel_disk(slot));
}

Result<void> wipe_kernel(const CardFiles& files, Slot slot) {
  if (!fs::exists(files.kernel_disk(slot))) {
    return {};
  }
  const Fd fd(::open(files.kernel_disk(slot).c_str(), O_RDWR | O_CLOEXEC));
  if (!fd || ::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                         static_cast<off_t>(kernel_disk_bytes)) != 0) {
    return fail_errno("wiping " + files.kernel_disk(slot).string());
  }
  return {};
}

}  // namespace issu::backends::vm
