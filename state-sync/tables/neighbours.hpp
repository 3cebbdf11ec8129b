#pragma once

#include <vector>

#include "issu/base/clock.hpp"
#include "issu/base/result.hpp"
#include "state-sync/tables/memory.h"
#include "state-sync/tables/types.hpp"

namespace issu::tables {

/// The writer's side of NEIGHBOURS; the engines' is npu_neighbour_find.
class Neighbours {
 public:
  explicit Neighbours(const npu_view& view) : view_(view) {}

  Result<void> set(const Neighbour& neighbour, MonoNs now);
  /// Whether there was one.
  bool remove(std::uint32_t port, const Address& address, MonoNs now);
  void remove_port(std::uint32_t port, MonoNs now);
  [[nodiscard]] std::vector<Neighbour> list() const;

 private:
  [[nodiscard]] struct npu_neighbour* find(std::uint32_t port, const Address& address) const;

  npu_view view_;
};

}  // namespace issu::tables
