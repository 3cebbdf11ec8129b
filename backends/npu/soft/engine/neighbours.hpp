#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "backends/npu/soft/engine/neighbour_event.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// Times of the neighbour table.
struct NeighbourTimes {
  MonoNs retry = 1'000'000'000;        ///< between two questions to one neighbour
  MonoNs refresh = 15'000'000'000;     ///< confirmed longer ago: asked again
  MonoNs give_up = 60'000'000'000;     ///< no answer for so long: failed, packets are dropped
  MonoNs forget = 300'000'000'000;     ///< no packet was sent to it for so long: removed
  MonoNs look_around = 5'000'000'000;  ///< between two looks at the gateways of all next hops
  int questions = 3;                   ///< without any answer, then it counts as failed
};

/// Resolves, learns and keeps the neighbours that the tables forward to, without the route
/// processor: it asks with the router's addresses and the port's MAC address. Gateways of routes
/// are asked for before there is a packet, and kept while they answer; others while they are used.
///
/// One thread, the writer's. `send` transmits a frame on a port.
class Neighbours {
 public:
  using Send = std::function<void(std::uint32_t port, Frame frame)>;

  Neighbours(const tables::Segment& segment, tables::Writer& tables, Send send,
             const NeighbourTimes& times = {}, std::function<MonoNs()> now = mono_now);

  Result<void> take(const NeighbourEvent& event);
  /// To be called a few times a second.
  Result<void> tick();

 private:
  using Key = std::pair<std::uint32_t, tables::Address>;
  struct Question {
    MonoNs asked_at = 0;
    int asked = 0;  ///< times since the last answer
    bool gateway = false;
  };

  Result<void> heard(const NeighbourEvent& event);
  Result<void> asked(const Key& key);
  Result<void> look_after(const tables::Neighbour& neighbour);
  Result<void> look_for_gateways();
  Result<void> follow_ports();
  Result<void> begin(const Key& key);
  void ask(const Key& key, Question& question, const tables::Neighbour* known);
  [[nodiscard]] tables::Address source_for(const Key& key, const tables::MacAddress& mac) const;
  [[nodiscard]] bool is_own(const tables::Address& address) const;
  [[nodiscard]] bool is_own_mac(const NeighbourEvent& event) const;

  const tables::Segment& segment_;
  tables::Writer& tables_;
  Send send_;
  NeighbourTimes times_;
  std::function<MonoNs()> now_;
  std::map<Key, Question> questions_;
  std::vector<std::uint32_t> links_;  ///< ifindex of each port that is up, at the last tick
  MonoNs looked_at_ = 0;
};

}  // namespace issu::backends::soft
