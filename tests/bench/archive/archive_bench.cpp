// An archive written, verified and unpacked, beside a plain copy of the same bytes through the same
// file system (a tmpfs). The argument is MiB of state; `rss_mib` is the most memory that the
// process ever took.

#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "checkpoint/archive/pack.hpp"
#include "checkpoint/archive/unpack.hpp"
#include "issu/base/child.hpp"
#include "issu/base/file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace issu;

template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

/// State of a router in memory, and who signs; gone at the end of its life.
class Bench {
 public:
  explicit Bench(std::int64_t mebibytes)
      : folder_("/dev/shm/issu-bench-archive-" + std::to_string(::getpid())) {
    must(make_dirs(folder_ / "state"));
    std::string piece(1U << 20U, '\0');
    for (std::int64_t n = 0; n < mebibytes; n += 4) {
      std::string file;
      for (std::int64_t i = n; i < std::min(n + 4, mebibytes); ++i) {
        for (std::size_t at = 0; at < piece.size(); at += 16) {
          piece[at] = static_cast<char>(at * 31 + static_cast<std::size_t>(i));
        }
        file += piece;
      }
      must(write_file_atomic(folder_ / "state" / ("pages-" + std::to_string(n)), file));
    }
    must(run_checked({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=bench",
                      "-addext", "extendedKeyUsage=emailProtection", "-keyout",
                      (folder_ / "key.pem").string(), "-out", (folder_ / "cert.pem").string()}));
    must(write_file_atomic(folder_ / "key", std::string("0123456789abcdef0123456789abcdef"), 0600));
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() { fs::remove_all(folder_); }

  void pack() const {
    must(archive::pack(file(), {}, {{"state", folder_ / "state"}}, key(),
                       {folder_ / "cert.pem", folder_ / "key.pem"}, {true, 20}));
  }
  void read(bool unpacked) const {
    const auto opened = must(archive::SignedArchive::open(file(), folder_ / "cert.pem"));
    auto reader = must(archive::Reader::unlock(opened, key()));
    const auto index = must(archive::read_index(reader, "bench"));
    if (unpacked) {
      fs::remove_all(folder_ / "out");
      must(archive::unpack(reader, index, folder_ / "out"));
    } else {
      must(archive::check_contents(reader, index));
    }
  }
  void copy() const {
    fs::remove_all(folder_ / "copy");
    fs::copy(folder_ / "state", folder_ / "copy");
  }

 private:
  [[nodiscard]] fs::path file() const { return folder_ / "archive"; }
  [[nodiscard]] archive::Key key() const { return must(archive::read_key_file(folder_ / "key")); }
  fs::path folder_;
};

void note(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * (state.range(0) << 20));
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  state.counters["rss_mib"] = static_cast<double>(usage.ru_maxrss) / 1024;
}

void write_archive(benchmark::State& state) {
  const Bench bench(state.range(0));
  bench.pack();
  for (auto _ : state) {
    bench.pack();
  }
  note(state);
}

void verify_archive(benchmark::State& state) {
  const Bench bench(state.range(0));
  bench.pack();
  for (auto _ : state) {
    bench.read(false);
  }
  note(state);
}

void unpack_archive(benchmark::State& state) {
  const Bench bench(state.range(0));
  bench.pack();
  bench.read(true);
  for (auto _ : state) {
    bench.read(true);
  }
  note(state);
}

void plain_copy(benchmark::State& state) {
  const Bench bench(state.range(0));
  bench.copy();
  for (auto _ : state) {
    bench.copy();
  }
  note(state);
}

BENCHMARK(write_archive)->Arg(1024)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(verify_archive)->Arg(1024)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(unpack_archive)->Arg(1024)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(plain_copy)->Arg(1024)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
