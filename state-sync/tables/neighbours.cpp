#include "state-sync/tables/neighbours.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "state-sync/tables/atomics.hpp"
#include "state-sync/tables/id_pool.hpp"

namespace issu::tables {
namespace {

using Entry = struct npu_neighbour;
using Words = std::array<std::uint64_t, 2>;

Words words_of(const Address& address) {
  return std::bit_cast<Words>(address.bytes);
}

std::uint64_t link_of(const MacAddress& mac, npu_neighbour_state state) {
  std::uint64_t link = static_cast<std::uint64_t>(state) << 48U;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    link |= std::uint64_t{mac[i]} << (8 * i);
  }
  return link;
}

void vanish(Entry& entry, MonoNs now) {
  put(entry.confirmed, static_cast<std::uint64_t>(now));
  publish(entry.link, std::uint64_t{NPU_NEIGHBOUR_GONE} << 48U);
}

}  // namespace

Entry* Neighbours::find(std::uint32_t port, const Address& address) const {
  return npu_neighbour_find(&view_, port, address.family, words_of(address).data());
}

Result<void> Neighbours::set(const Neighbour& neighbour, MonoNs now) {
  if (neighbour.state < NPU_NEIGHBOUR_INCOMPLETE || neighbour.state > NPU_NEIGHBOUR_FAILED ||
      neighbour.port >= view_.capacities.ports) {
    return fail("a neighbour without a state or a port");
  }
  const Words words = words_of(neighbour.address);
  const std::uint64_t link = link_of(neighbour.mac, neighbour.state);
  if (Entry* entry = find(neighbour.port, neighbour.address)) {
    put(entry->confirmed, static_cast<std::uint64_t>(neighbour.confirmed));
    publish(entry->link, link);
    return {};
  }
  const std::uint32_t start = npu_neighbour_hash(neighbour.port, words.data());
  for (std::uint32_t i = 0; i < NPU_NEIGHBOUR_PROBES; ++i) {
    Entry& slot = view_.neighbours[(start + i) & (view_.capacities.neighbours - 1)];
    const auto state = NPU_LINK_STATE(peek(slot.link));
    const bool free = state == NPU_NEIGHBOUR_FREE;
    // A reader may just be looking at the one that was here.
    const bool left =
        state == NPU_NEIGHBOUR_GONE && now - static_cast<MonoNs>(peek(slot.confirmed)) >= grace;
    if (!free && !left) {
      continue;
    }
    put(word_of(&slot, 0), words[0]);
    put(word_of(&slot, 1), words[1]);
    put(word_of(&slot, 2), (std::uint64_t{neighbour.address.family} << 32U) | neighbour.port);
    put(slot.confirmed, static_cast<std::uint64_t>(neighbour.confirmed));
    put(slot.used, static_cast<std::uint64_t>(neighbour.used));
    publish(slot.link, link);
    return {};
  }
  return fail("the table of neighbours is full around " + neighbour.address.text());
}

bool Neighbours::remove(std::uint32_t port, const Address& address, MonoNs now) {
  Entry* const entry = find(port, address);
  if (entry != nullptr) {
    vanish(*entry, now);
  }
  return entry != nullptr;
}

void Neighbours::remove_port(std::uint32_t port, MonoNs now) {
  for (std::uint32_t i = 0; i < view_.capacities.neighbours; ++i) {
    Entry& entry = view_.neighbours[i];
    if (NPU_LINK_STATE(peek(entry.link)) >= NPU_NEIGHBOUR_INCOMPLETE && peek(entry.port) == port) {
      vanish(entry, now);
    }
  }
}

std::vector<Neighbour> Neighbours::list() const {
  std::vector<Neighbour> made;
  for (std::uint32_t i = 0; i < view_.capacities.neighbours; ++i) {
    const Entry entry = snapshot(view_.neighbours[i]);
    const auto state = NPU_LINK_STATE(entry.link);
    if (state < NPU_NEIGHBOUR_INCOMPLETE || state > NPU_NEIGHBOUR_FAILED) {
      continue;
    }
    Neighbour one;
    one.port = entry.port;
    one.address.family = static_cast<std::uint8_t>(entry.family);
    std::copy(std::begin(entry.address), std::end(entry.address), one.address.bytes.begin());
    for (std::size_t byte = 0; byte < one.mac.size(); ++byte) {
      one.mac[byte] = static_cast<std::uint8_t>(entry.link >> (8 * byte));
    }
    one.state = static_cast<npu_neighbour_state>(state);
    one.confirmed = static_cast<std::int64_t>(entry.confirmed);
    one.used = static_cast<std::int64_t>(entry.used);
    made.push_back(one);
  }
  return made;
}

}  // namespace issu::tables
