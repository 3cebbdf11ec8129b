// What npud's engine does with ports that can't be taken.

#include "backends/npu/soft/engine_host.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

namespace issu::backends::soft {
namespace {

/// Standard error into a file for as long as it lives.
class CaughtErrors {
 public:
  explicit CaughtErrors(std::filesystem::path file) : file_(std::move(file)), kept_(::dup(2)) {
    const Fd to(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ::dup2(to.get(), 2);
  }
  ~CaughtErrors() { ::dup2(kept_.get(), 2); }
  CaughtErrors(const CaughtErrors&) = delete;
  CaughtErrors& operator=(const CaughtErrors&) = delete;

  [[nodiscard]] std::string text() const {
    std::ifstream file(file_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path file_;
  Fd kept_;
};

TEST_CASE("a port that is not there any more: told once a second at most, the engine goes on") {
  if (::geteuid() != 0) {
    ISSU_SKIP("packet sockets need root");
  }
  const tests::TempDir folder;
  Settings settings;
  settings.npu.engine = "packet";
  settings.npu.routes = 1000;
  auto store = TableStore::open(settings, {folder.path()});
  REQUIRE_MESSAGE(store, store.error().message());
  auto writer = tables::Writer::open((*store)->segment());
  REQUIRE(writer);
  auto host = EngineHost::start(**store, {}, nullptr);
  REQUIRE_MESSAGE(host, host.error().message());
  host->attach(*writer);
  std::string told;
  const MonoNs begin = mono_now();
  {
    const CaughtErrors errors(folder / "errors");
    const std::vector<EnginePort> gone{{0, 999'999, {0, 0}}};
    for (int n = 0; n < 100; ++n) {
      host->set_ports(gone);
    }
    told = errors.text();
  }
  const auto seconds = (mono_now() - begin) / 1'000'000'000;
  const auto lines = std::ranges::count(told, '\n');
  CAPTURE(told);
  CHECK(lines >= 1);
  CHECK(lines <= 1 + seconds);
  CHECK(told.find("port 0") != std::string::npos);
  CHECK(told.find("the other ports forward") != std::string::npos);
  CHECK(host->pump());
}

}  // namespace
}  // namespace issu::backends::soft
