// Runs a fuzz target with any compiler: each file of the corpus as it is, then changed ones for
// some seconds. The target is libFuzzer's function, so clang's fuzzer can run it, too.
//
//   fuzz_NAME [--seconds N] [--seed N] [FILE or FOLDER ...]
//
// An input that ends the process is left as crash-NAME-PID; give it as the only argument, with
// --seconds 0, to see it again.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// There in builds with AddressSanitizer, which reports before it ends the process.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Input = std::vector<std::uint8_t>;

// A signal handler reaches nothing else.
const std::uint8_t* current_data = nullptr;
std::size_t current_size = 0;
std::array<char, 128> crash_file{};

void save_input() {
  const int fd = ::open(crash_file.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd >= 0 && ::write(fd, current_data, current_size) >= 0) {
    ::close(fd);
  }
}

void on_signal(int signal) {
  save_input();
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void watch_crashes(const std::string& program) {
  std::snprintf(crash_file.data(), crash_file.size(), "crash-%s-%d", program.c_str(), getpid());
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(save_input);
  }
  const std::array signals = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
  for (const int signal : signals) {
    ::signal(signal, on_signal);
  }
}

void run(const Input& input) {
  // A copy of exactly its size, so that a sanitizer sees a read beyond it.
  const Input exact(input.begin(), input.end());
  current_data = exact.data();
  current_size = exact.size();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::vector<Input> read_corpus(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) {
          files.push_back(entry.path());
        }
      }
    } else {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Input> corpus;
  for (const auto& file : files) {
    if (const auto text = issu::read_file(file)) {
      corpus.emplace_back(text->begin(), text->end());
    } else {
      std::fprintf(stderr, "%s\n", text.error().message().c_str());
      std::exit(2);
    }
  }
  return corpus;
}

/// Changes an input in a few places: single bits, numbers that are often a limit, pieces that are
/// cut out, doubled, or taken from another input.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  Input change(Input input, const std::vector<Input>& corpus) {
    for (std::size_t n = 1 + below(8); n > 0; --n) {
      change_once(input, corpus[below(corpus.size())]);
    }
    return input;
  }
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

 private:
  void change_once(Input& input, const Input& other) {
    const std::size_t at = below(input.size());
    const std::size_t length = below(std::min<std::size_t>(input.size() - at, 64) + 1);
    const auto begin = input.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(length);
    switch (below(7)) {
      case 0:
        if (!input.empty()) {
          input[at] ^= static_cast<std::uint8_t>(1U << below(8));
        }
        break;
      case 1:
        put_number(input, at);
        break;
      case 2:
        input.erase(begin, end);
        break;
      case 3:
        if (input.size() < 65536) {
          const Input piece(begin, end);
          input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), piece.begin(), piece.end());
        }
        break;
      case 4:
        input.resize(at);
        break;
      case 5:
        for (auto byte = begin; byte != end; ++byte) {
          *byte = static_cast<std::uint8_t>(random_());
        }
        break;
      default:
        for (std::size_t i = at; i < at + length && i < other.size(); ++i) {
          input[i] = other[i];
        }
    }
  }

  void put_number(Input& input, std::size_t at) {
    static constexpr std::array<std::uint64_t, 14> limits = {
        0, 1, 2, 4, 16, 127, 128, 255, 256, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, ~0ULL};
    const std::uint64_t number = limits[below(limits.size())] + below(3) - 1;
    const std::size_t width = std::size_t{1} << below(4);
    const bool big_endian = below(2) == 0;
    for (std::size_t i = 0; i < width && at + i < input.size(); ++i) {
      const std::size_t byte = big_endian ? width - 1 - i : i;
      input[at + i] = static_cast<std::uint8_t>(number >> (8 * byte));
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seconds = 10;
  std::uint64_t seed = std::random_device{}();
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if ((word == "--seconds" || word == "--seed") && i + 1 < argc) {
      (word == "--seconds" ? seconds : seed) = std::strtoull(argv[++i], nullptr, 10);
    } else {
      paths.emplace_back(word);
    }
  }
  watch_crashes(std::filesystem::path(argv[0]).filename());
  std::vector<Input> corpus = read_corpus(paths);
  for (const Input& input : corpus) {
    run(input);
  }
  if (corpus.empty()) {
    corpus.emplace_back(64);
  }
  std::printf("seed %llu, %zu inputs of the corpus\n", static_cast<unsigned long long>(seed),
              corpus.size());
  std::fflush(stdout);
  Mutator mutator(seed);
  std::uint64_t runs = 0;
  const auto deadline = issu::Deadline::in(std::chrono::seconds(seconds));
  while (!deadline.passed()) {
    run(mutator.change(corpus[mutator.below(corpus.size())], corpus));
    ++runs;
  }
  std::printf("%llu changed inputs in %llu s\n", static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(seconds));
  return 0;
}
