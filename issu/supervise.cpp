#include "issu/supervise.hpp"

#include <fmt/format.h>

#include "issu/base/worker.hpp"
#include "issu/journal.hpp"
#include "issu/step_watch.hpp"

namespace issu {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(200);
/// A process that does not go with SIGKILL waits in the kernel.
constexpr auto ends_within = std::chrono::seconds(10);
/// Coordinators that may hang beside any step.
constexpr int most_hangs = 3;

/// The journal's records, read again only where it has grown.
class Reader {
 public:
  explicit Reader(std::filesystem::path file) : file_(std::move(file)) {}

  const Records& records() {
    std::error_code error;
    const auto size = std::filesystem::file_size(file_, error);
    if (!error && size != size_) {
      // A journal that can't be read is the coordinator's to tell.
      if (auto read = Journal::read(file_); read) {
        records_ = std::move(*read);
        size_ = size;
      }
    }
    return records_;
  }

 private:
  std::filesystem::path file_;
  std::uintmax_t size_ = static_cast<std::uintmax_t>(-1);
  Records records_;
};

/// How the worker ended by itself; no value: it hangs.
std::optional<int> watch(Worker& worker, const std::filesystem::path& journal,
                         const config::RouterConfig& config) {
  Reader reader(journal);
  StepWatch step(config);
  while (!worker.wait(look_interval)) {
    if (step.overdue(reader.records(), mono_now())) {
      return std::nullopt;
    }
  }
  return worker.wait(look_interval);
}

}  // namespace

Result<int> supervise(const SlotStore& store, const config::RouterConfig& config,
                      const std::function<int()>& coordinator) {
  for (int hangs = 0; hangs < most_hangs;) {
    auto worker = Worker::start(coordinator);
    if (!worker) {
      return pass(std::move(worker).error(), "starting the coordinator");
    }
    if (const auto ended = watch(*worker, store.journal(), config); ended) {
      return *ended;
    }
    if (!worker->kill(ends_within)) {
      return fail(fmt::format("the coordinator (process {0}) hangs in the kernel, SIGKILL does not "
                              "end it; /proc/{0}/stack says where",
                              worker->pid()),
                  "repair what it waits for (a disk, a driver), then `issu resume`",
                  ErrorKind::needs_person);
    }
    auto noted = note_hang(store.journal(), config);
    if (!noted) {
      return fail(std::move(noted).error().as(ErrorKind::needs_person));
    }
    hangs += *noted ? 0 : 1;
  }
  return fail(fmt::format("the coordinator hung {} times beside any step: as it took requests, or "
                          "wrote ledger and history",
                          most_hangs),
              "see " + store.coordinator_log().string() + ", then `issu resume`",
              ErrorKind::needs_person);
}

}  // namespace issu
