// issu-npud [--keep | --keep-taking-over | --take-over] FOLDER: the soft NPU of one router. What it
// does and when it ends: npud.hpp. With --keep, a process that starts it again when it dies.

#include <cstdio>
#include <filesystem>
#include <string>

#include "backends/npu/soft/npud.hpp"
#include "backends/npu/soft/npud_process.hpp"

namespace {

constexpr const char* usage =
    "usage: issu-npud [--keep | --keep-taking-over | --take-over] FOLDER\n"
    "The soft NPU of a router; `issu router up` starts it, `issu npu` asks it.\n";

}  // namespace

int main(int argc, char** argv) {
  using namespace issu::backends::soft;
  const std::string how = argc == 3 ? argv[1] : "";
  if (argc == 2 && std::string(argv[1]) == "--help") {
    std::fputs(usage, stdout);
    return 0;
  }
  const bool keeps = how == "--keep" || how == "--keep-taking-over";
  if ((argc != 2 && argc != 3) || (argc == 3 && !keeps && how != "--take-over")) {
    std::fputs(usage, stderr);
    return 2;
  }
  NpudOptions options;
  options.files.folder = argv[argc - 1];
  options.take_over = how == "--take-over";
  if (keeps) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error).string();
    issu::Argv npud{self, options.files.folder.string()};
    if (how == "--keep-taking-over") {
      npud.insert(npud.begin() + 1, "--take-over");
    }
    return keep_npud(npud, options.files);
  }
  if (auto ran = run_npud(options); !ran) {
    std::fprintf(stderr, "issu-npud: %s\n", ran.error().message().c_str());
    return 1;
  }
  return 0;
}
