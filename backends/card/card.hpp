#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "backends/card/document.hpp"
#include "backends/rp.hpp"
#include "issu/base/result.hpp"

namespace issu::backends::card {

/// A card from inside: the machine whose containers run the daemons. Its slots are kernels; in
/// either, the container of the slot of the same letter runs, all of it on a disk that outlives
/// the kernel. Each verb answers with what the host has to know, and can be repeated.
class Card {
 public:
  /// Reads the document and the kernel's command line.
  static Result<Card> open();

  /// The slot whose kernel runs.
  [[nodiscard]] Slot slot() const { return slot_; }

  /// Chassis, ports, the container with its daemons held, the channels.
  Result<nlohmann::json> up();
  Result<nlohmann::json> activate();
  Result<nlohmann::json> fence();
  Result<nlohmann::json> power_off();
  Result<nlohmann::json> status();
  Result<nlohmann::json> check_save();
  /// Also loads the kernel of the other slot, if there is one.
  Result<nlohmann::json> prepare_save();
  Result<nlohmann::json> save();
  /// In the kernel that runs: the saved state of this slot goes on here.
  Result<nlohmann::json> restore(Sessions sessions);
  /// The state saved of the slot `from` goes on under the kernel that runs, which has started with
  /// an empty network stack.
  Result<nlohmann::json> resume(Slot from, Sessions sessions);
  Result<nlohmann::json> forget(Slot slot);
  /// Runs the daemons' sockets to the channels, each once.
  Result<void> relay();

 private:
  Card(CardDocument document, RouterSpec spec, Slot slot, const MemoryHalf& memory,
       std::unique_ptr<RouteProcessor> rp)
      : document_(std::move(document)),
        spec_(std::move(spec)),
        slot_(slot),
        memory_(memory),
        rp_(std::move(rp)) {}
  [[nodiscard]] std::filesystem::path saved(Slot slot) const;
  [[nodiscard]] StagedPayload payload() const;
  /// The network cards of this slot's kernel, by the port's name.
  [[nodiscard]] std::map<std::string, std::string> cards() const;
  /// Has issu-init carry a virtio-serial port, `words`: how and where to; once.
  Result<void> carry(const std::string& port, const std::vector<std::string>& words,
                     const std::filesystem::path& netns);
  Result<void> load_other_kernel();

  CardDocument document_;
  RouterSpec spec_;
  Slot slot_;
  MemoryHalf memory_;  ///< in which this kernel runs
  std::unique_ptr<RouteProcessor> rp_;
};

}  // namespace issu::backends::card
