// What a card's kernel is started with: its half of the memory, its initrd, the kernel moved.

#include <doctest/doctest.h>
#include <elf.h>

#include <cstring>
#include <fstream>

#include "backends/card/cpio.hpp"
#include "backends/card/document.hpp"
#include "backends/card/initrd.hpp"
#include "backends/card/memory_half.hpp"
#include "backends/card/vmlinux.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using namespace issu::backends::card;
using issu::backends::Slot;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the two halves of a card's memory don't meet, and each kernel knows its own") {
  const MemoryHalf lower(MemoryHalf::lower, 512);
  CHECK(lower.card_mib() == 1024);
  CHECK(lower.kernel_words() == " memmap=exactmap memmap=0x9f000@0 memmap=0x1ff00000@0x100000");
  CHECK(lower.kexec_words() ==
        std::vector<std::string>{"--mem-min=0x1000000", "--mem-max=0x1fffffff"});
  const MemoryHalf upper = lower.other();
  CHECK(upper.is_upper());
  // One MiB at the end is the firmware's.
  CHECK(upper.kernel_words() ==
        " memmap=exactmap memmap=0x9f000@0 memmap=0x1ff00000@0x20000000 issu.memory=upper");
  CHECK(upper.kexec_words() ==
        std::vector<std::string>{"--mem-min=0x20000000", "--mem-max=0x3fefffff"});
  CHECK(upper.shift() == 512ULL << 20U);
  CHECK(lower.shift() == 0);
  CHECK_FALSE(upper.other().is_upper());
}

TEST_CASE("a kernel finds out from its command line in which half it runs") {
  for (const auto which : {MemoryHalf::lower, MemoryHalf::upper}) {
    const MemoryHalf half(which, 256);
    const std::string words = kernel_words(Slot::b, half, Slot::a);
    CHECK(MemoryHalf::in_words(words, 256).is_upper() == half.is_upper());
    CHECK(has(words, "issu.slot=b"));
    CHECK(has(words, "issu.resume=a"));
    CHECK_FALSE(has(words, "issu.sessions=drop"));
  }
}

TEST_CASE("a card with more memory than lies below the devices has one that its kernels share") {
  const MemoryHalf all(MemoryHalf::lower, MemoryHalf::largest_mib + 1);
  CHECK(all.shared());
  CHECK(all.card_mib() == MemoryHalf::largest_mib + 1);
  CHECK(all.kernel_words().empty());
  CHECK(all.kexec_words().empty());
  CHECK(all.other().shift() == 0);
}

TEST_CASE("our first program stands behind the kernel's own initrd, and a reader finds both") {
  const tests::TempDir dir;
  std::ofstream(dir.path() / "initrd") << cpio_of("modules", "five\n", 0644) << "123";
  std::ofstream(dir.path() / "start") << "#!a program\n";
  REQUIRE(initrd_with_start(dir.path() / "initrd", dir.path() / "start", dir.path() / "both"));
  const std::string both = read_file(dir.path() / "both").value_or("");
  CHECK(both.size() % 4 == 0);
  // busybox reads one archive: the first, and the second without what is in front of it.
  for (const auto& [name, content] :
       {std::pair{std::string("modules"), std::string("five\n")}, {"init", "#!a program\n"}}) {
    const auto at = name == "init" ? both.rfind("070701", both.find("#!a program")) : 0;
    RunOptions options;
    options.input = both.substr(at);
    const auto listed = run_checked({"busybox", "cpio", "-t"}, options);
    REQUIRE(listed);
    CHECK(*listed == name + "\n");
    const auto content_of = run_checked({"busybox", "cpio", "-i", "--to-stdout", name}, options);
    REQUIRE(content_of);
    CHECK(*content_of == content);
  }
  CHECK_FALSE(initrd_with_start(dir.path() / "none", dir.path() / "start", dir.path() / "both"));
}

TEST_CASE("a kernel is moved with all that is loaded of it") {
  std::string elf(sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr), '\0');
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_machine = EM_X86_64;
  head.e_entry = 0x1000000;
  head.e_phoff = sizeof head;
  head.e_phentsize = sizeof(Elf64_Phdr);
  head.e_phnum = 2;
  std::memcpy(elf.data(), &head, sizeof head);
  Elf64_Phdr part{};
  part.p_type = PT_LOAD;
  part.p_paddr = 0x1000000;
  std::memcpy(elf.data() + sizeof head, &part, sizeof part);
  part.p_type = PT_NOTE;
  std::memcpy(elf.data() + sizeof head + sizeof part, &part, sizeof part);
  REQUIRE(move_kernel(elf, 0x20000000));
  std::memcpy(&head, elf.data(), sizeof head);
  CHECK(head.e_entry == 0x21000000);
  std::memcpy(&part, elf.data() + sizeof head, sizeof part);
  CHECK(part.p_paddr == 0x21000000);
  std::memcpy(&part, elf.data() + sizeof head + sizeof part, sizeof part);
  CHECK(part.p_paddr == 0x1000000);

  std::string other = elf;
  head.e_machine = EM_AARCH64;
  std::memcpy(other.data(), &head, sizeof head);
  CHECK_FALSE(move_kernel(other, 0));
  std::string few = elf.substr(0, elf.size() - 1);
  CHECK_FALSE(move_kernel(few, 0));
  std::string none = "no kernel";
  CHECK_FALSE(move_kernel(none, 0));
}

TEST_CASE("what is no packed kernel is left alone") {
  const tests::TempDir dir;
  std::ofstream(dir.path() / "vmlinuz") << std::string(4096, 'x');
  const auto done = unpack_kernel(dir.path() / "vmlinuz", 0, dir.path() / "vmlinux");
  REQUIRE(done);
  CHECK_FALSE(*done);
  // A header that says more than there is.
  std::string broken(4096, '\0');
  std::memcpy(broken.data() + 0x202, "HdrS", 4);
  std::memset(broken.data() + 0x248, 0xff, 8);
  std::ofstream(dir.path() / "broken") << broken;
  CHECK_FALSE(unpack_kernel(dir.path() / "broken", 0, dir.path() / "vmlinux").value_or(true));
  CHECK_FALSE(unpack_kernel(dir.path() / "none", 0, dir.path() / "vmlinux"));
}
