#include "backends/card/initrd.hpp"

#include "backends/card/cpio.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::card {

Result<void> initrd_with_start(const std::filesystem::path& initrd,
                               const std::filesystem::path& start,
                               const std::filesystem::path& into) {
  const std::string what = "making the initrd " + into.string();
  auto modules = read_file(initrd, 256U << 20U);
  auto program = read_file(start);
  if (!modules || !program) {
    return pass(!modules ? std::move(modules).error() : std::move(program).error(), what);
  }
  // An archive begins at a multiple of four bytes.
  modules->resize((modules->size() + 3) / 4 * 4, '\0');
  return write_file_atomic(into, *modules + cpio_of("init", *program, 0755));
}

}  // namespace issu::backends::card
