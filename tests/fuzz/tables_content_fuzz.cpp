// What lies in the regions was written by somebody else. Whatever it is: readers stay within the
// memory, and a writer that opens the tables puts them right.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/fd.hpp"
#include "state-sync/tables/batch.hpp"
#include "state-sync/tables/geometry.hpp"
#include "state-sync/tables/route_store.hpp"
#include "state-sync/tables/tables.hpp"

namespace {

using namespace issu::tables;
using Words = std::array<std::vector<std::size_t>, NPU_REGIONS>;

void must(bool good) {
  if (!good) {
    std::abort();
  }
}

Capacities few() {
  Capacities made;
  made.tbl8_groups = made.nodes6 = made.nexthops = made.buckets = 64;
  made.neighbours = made.ports = made.locals = 16;
  made.counter_rows = 1;
  made.routes = 256;
  return made;
}

/// A region's bytes are numbered by word; of the header only what changes while others read.
std::size_t first_word(std::size_t region) {
  return region == NPU_HEADER ? offsetof(npu_header, writer_epoch) / 8 : 0;
}

/// Tables in memory of their own, with a few routes of every kind in them.
class Tables {
 public:
  Tables() {
    const auto bytes = region_bytes(few().rounded());
    RegionFds fds;
    for (std::size_t i = 0; i < NPU_REGIONS; ++i) {
      files_[i] = memory();
      must(ftruncate(files_[i].get(), static_cast<off_t>(bytes[i])) == 0);
      fds[i] = {files_[i].get(), bytes[i]};
    }
    segment_.emplace(
        Segment::create_fds(fds, few(), "/proc/self/fd/" + std::to_string(lock_.get())).value());
    fill(Writer::open(*segment_).value());
  }

  [[nodiscard]] const Segment& segment() const { return *segment_; }
  [[nodiscard]] const npu_view& view() const { return segment_->view(); }
  /// The words that say something; of the largest regions only as many as there are routes.
  [[nodiscard]] Words words_in_use() const {
    Words made;
    for (std::size_t region = 0; region < NPU_REGIONS; ++region) {
      const auto words = segment_->words(static_cast<npu_region>(region));
      for (std::size_t i = first_word(region); i < words.size() && made[region].size() < 512; ++i) {
        if (words[i] != 0) {
          made[region].push_back(i);
        }
      }
    }
    return made;
  }

 private:
  static issu::Fd memory() {
    issu::Fd made(memfd_create("tables", MFD_CLOEXEC));
    must(static_cast<bool>(made));
    return made;
  }

  static void fill(Writer writer) {
    std::array<NextHopId, 3> ids{};
    for (std::uint8_t i = 0; i < 2; ++i) {
      NextHop nexthop;
      nexthop.port = i;
      nexthop.gateway.bytes = {192, 0, 2, i};
      ids[i] = writer.intern(nexthop).value();
    }
    const std::array<GroupMember, 2> members = {GroupMember{ids[0], 1}, GroupMember{ids[1], 3}};
    ids[2] = writer.intern_group(members, {}).value();
    std::size_t next = 0;
    for (const char* const text :
         {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/20", "10.1.2.0/24", "10.1.2.128/25", "10.1.2.7/32",
          "192.0.2.0/24", "::/0", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:2::/64",
          "2001:db8:1:2::1/128"}) {
      const auto owner = next % 4 == 3 ? RouteOwner::chassis : RouteOwner::daemon;
      must(writer.set_route(Prefix::parse(text).value(), ids[next++ % 3], {186, 20, owner})
               .has_value());
    }
    must(writer.set_port({"port0", 3, 1500, {2, 0, 0, 0, 0, 1}, true, {4, 5}}).has_value());
    Neighbour neighbour;
    neighbour.address.bytes = {192, 0, 2, 1};
    neighbour.state = NPU_NEIGHBOUR_REACHABLE;
    must(writer.set_neighbour(neighbour).has_value());
    const std::array<Local, 1> locals = {Local{neighbour.address, 24, 0}};
    must(writer.set_locals(locals).has_value());
    must(writer.hold(1).has_value());
  }

  std::array<issu::Fd, NPU_REGIONS> files_;
  issu::Fd lock_ = memory();
  std::optional<Segment> segment_;
};

struct Change {
  std::size_t region;
  std::size_t word;
  std::uint64_t value;
};

/// 12 bytes each: region (its top bit: one of the words in use), 24 bits of a word's number, value.
std::vector<Change> changes_of(const std::uint8_t* data, std::size_t size, const Tables& tables,
                               const Words& in_use) {
  std::vector<Change> made;
  for (; size >= 12; data += 12, size -= 12) {
    Change one{data[0] % std::size_t{NPU_REGIONS}, 0, 0};
    const std::size_t place =
        data[1] | (std::size_t{data[2]} << 8U) | (std::size_t{data[3]} << 16U);
    const auto& used = in_use[one.region];
    const std::size_t first = first_word(one.region);
    const std::size_t words = tables.segment().words(static_cast<npu_region>(one.region)).size();
    one.word = (data[0] & 0x80U) != 0 && !used.empty() ? used[place % used.size()]
                                                       : first + place % (words - first);
    std::memcpy(&one.value, data + 4, sizeof one.value);
    made.push_back(one);
  }
  return made;
}

using Address6 = std::array<std::uint8_t, 16>;

/// Destinations in the routes that are there, and in what was changed.
struct Destinations {
  std::vector<std::uint32_t> four = {0x01020304, 0x0a000001, 0x0a010203, 0x0a010281, 0xc0000201};
  std::vector<Address6> six;

  explicit Destinations(const std::vector<Change>& changes) {
    for (const char* const text : {"2001:db8::1/128", "2001:db8:1::1/128", "2001:db8:1:2::1/128",
                                   "2001:db8:1:2::2/128", "3000::1/128"}) {
      six.push_back(Prefix::parse(text).value().bytes);
    }
    for (const Change& one : changes) {
      const std::size_t entries = one.region == NPU_FAST24 ? 8 : 2;
      for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = (one.word * entries + i) % (1U << NPU_ROOT_BITS);
        four.push_back(static_cast<std::uint32_t>((entry << 8U) | (one.value & 0xffU)));
        Address6 address{};
        for (unsigned byte = 0; byte < 3; ++byte) {
          address[byte] = static_cast<std::uint8_t>(entry >> (16U - 8U * byte));
        }
        std::memcpy(&address[3], &one.value, sizeof one.value);
        six.push_back(address);
      }
    }
  }
};

/// What a forwarder does with an id.
void follow(const npu_view& view, std::uint32_t id) {
  must(id <= NPU_ID_MASK);
  const auto* nexthop = npu_nexthop_at(&view, id);
  for (std::uint32_t hash : {0U, 1U, 0xffffffffU}) {
    if (nexthop != nullptr && nexthop->kind == NPU_NH_GROUP) {
      (void)npu_nexthop_at(&view, npu_group_choose(&view, nexthop, hash));
    }
  }
  if (nexthop != nullptr) {
    npu_u64 words[2];
    std::memcpy(words, nexthop->gateway, sizeof words);
    const auto* found = npu_neighbour_find(&view, nexthop->port, nexthop->family, words);
    must(found == nullptr ||
         (found >= view.neighbours && found < view.neighbours + view.capacities.neighbours));
  }
}

/// The answers by the single lookups; where the tables are sound, batches say the same.
void read(const npu_view& view, const Destinations& asked, bool sound) {
  std::vector<std::uint32_t> ids(std::max(asked.four.size(), asked.six.size()));
  lookup4(view, asked.four.data(), ids.data(), asked.four.size());
  for (std::size_t i = 0; i < asked.four.size(); ++i) {
    follow(view, ids[i]);
    const std::uint32_t alone = npu_lookup4(&view, asked.four[i]);
    follow(view, alone);
    must(!sound || alone == ids[i]);
  }
  lookup6(view, asked.six.data()->data(), ids.data(), asked.six.size());
  for (std::size_t i = 0; i < asked.six.size(); ++i) {
    follow(view, ids[i]);
    must(npu_lookup6(&view, asked.six[i].data()) == ids[i]);
  }
}

/// Every lookup is answered as the routes say.
void compare(const Writer& writer, const npu_view& view, const Destinations& asked) {
  std::vector<RouteEntry> routes;
  writer.each_route([&](const RouteEntry& entry) {
    routes.push_back(entry);
    return true;
  });
  const auto longest = [&](std::uint8_t family, const Address6& address) {
    int length = -1;
    NextHopId id = 0;
    for (const RouteEntry& route : routes) {
      Prefix within;
      within.family = family;
      within.bytes = address;
      if (route.prefix.family == family && route.prefix.length > length &&
          shortened(within, route.prefix.length) == route.prefix) {
        length = route.prefix.length;
        id = route.nexthop;
      }
    }
    return id;
  };
  for (const std::uint32_t address : asked.four) {
    Address6 bytes{};
    for (unsigned i = 0; i < 4; ++i) {
      bytes[i] = static_cast<std::uint8_t>(address >> (24U - 8U * i));
    }
    must(npu_lookup4(&view, address) == longest(4, bytes));
  }
  for (const Address6& address : asked.six) {
    must(npu_lookup6(&view, address.data()) == longest(6, address));
  }
  read(view, asked, true);
}

/// All that a writer does with what it found; what it refuses is refused.
void write(Tables& tables, const Destinations& asked) {
  auto opened = Writer::open(tables.segment());
  must(opened.has_value());
  Writer writer = std::move(*opened);
  compare(writer, tables.view(), asked);
  (void)writer.neighbours();
  (void)writer.locals();
  (void)writer.stale_sample(100);
  for (std::uint32_t i = 0; i < 80; ++i) {
    (void)writer.port(i);
    (void)writer.nexthop(i);
    (void)writer.members(i);
  }
  const auto id = writer.intern({NPU_NH_BLACKHOLE, 0, {}});
  if (id) {
    for (const char* const text : {"10.1.2.0/24", "10.1.3.1/32", "2001:db8:1:2:3::/80"}) {
      (void)writer.set_route(Prefix::parse(text).value(), *id, {});
    }
  }
  must(writer.remove_route(Prefix::parse("10.0.0.0/8").value()).has_value());
  compare(writer, tables.view(), asked);
  const std::uint64_t epoch = writer.hold_state().epoch;
  (void)writer.hold(epoch + 1);
  (void)writer.sweep(writer.hold_state().epoch);
  compare(writer, tables.view(), asked);
}

void try_content(const std::uint8_t* data, std::size_t size) {
  static Tables for_readers;
  static const Words in_use = for_readers.words_in_use();
  const auto changes = changes_of(data + 1, size - 1, for_readers, in_use);
  const Destinations asked(changes);
  // A writer's first look at tables takes a thousand times as long as all of a reader's.
  std::optional<Tables> for_writer;
  if (data[0] % 4 == 1) {
    for_writer.emplace();
  }
  Tables& tables = for_writer ? *for_writer : for_readers;
  const auto word = [&](const Change& one) -> std::uint64_t& {
    return tables.segment().words(static_cast<npu_region>(one.region))[one.word];
  };
  std::vector<std::uint64_t> before;
  for (const Change& one : changes) {
    before.push_back(word(one));
    word(one) = one.value;
  }
  read(tables.view(), asked, false);
  if (for_writer) {
    write(tables, asked);
    return;
  }
  for (std::size_t i = changes.size(); i-- > 0;) {
    word(changes[i]) = before[i];
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) {
    try_content(data, size);
  }
  return 0;
}
