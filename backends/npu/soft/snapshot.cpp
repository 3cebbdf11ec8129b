#include "backends/npu/soft/snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checkpoint/state_document.hpp"
#include "issu/base/file.hpp"
#include "state-sync/tables/bucket_pool.hpp"

namespace issu::backends::soft {
namespace {

using checkpoint::StateDocument;
using checkpoint::StateSection;
using nlohmann::json;
using tables::NextHopId;
using tables::Prefix;
using tables::Writer;

constexpr const char* kind = "npu-tables";
constexpr std::uintmax_t largest_snapshot = std::uintmax_t{4} << 30U;

/// The first form was whole regions, unused entries and all, and did not say whose they were.
constexpr std::uint32_t schema = 2;
/// Packed, copied and digested while it is in the nearest cache.
constexpr std::size_t piece_routes = (std::size_t{32} << 10U) / sizeof(npu_route);

/// The daemons' routes without the slots between them, a piece a call.
class PackedRoutes {
 public:
  explicit PackedRoutes(std::span<const npu_route> slots) : slots_(slots), piece_(piece_routes) {}

  std::span<const std::byte> next() {
    std::size_t count = 0;
    // One at most is written behind the last: half of the slots are free at random, and a jump
    // that nobody can foresee costs more than a copy.
    for (; at_ < slots_.size() && count < piece_.size(); ++at_) {
      constexpr unsigned wanted = NPU_ROUTE_USED | NPU_ROUTE_DAEMON;
      std::memcpy(&piece_[count], &slots_[at_], sizeof(npu_route));
      count += (slots_[at_].state & wanted) == wanted ? 1U : 0U;
    }
    return std::as_bytes(std::span(piece_).first(count));
  }

 private:
  std::span<const npu_route> slots_;
  std::size_t at_ = 0;
  std::vector<npu_route> piece_;
};

template <typename T>
std::span<const T> entries_of(const tables::Segment& segment, npu_region region) {
  const auto words = segment.words(region);
  return {reinterpret_cast<const T*>(words.data()), words.size_bytes() / sizeof(T)};
}

/// Those that were ever in use.
template <typename T>
std::span<const std::byte> used(const tables::Segment& segment, npu_region region,
                                std::size_t count) {
  const auto entries = entries_of<T>(segment, region);
  return std::as_bytes(entries.first(std::min(count, entries.size())));
}

std::size_t used_ports(const tables::Segment& segment) {
  const auto ports = entries_of<npu_port>(segment, NPU_PORTS);
  std::size_t count = ports.size();
  while (count > 0 && ports[count - 1].flags == 0) {
    --count;
  }
  return count;
}

/// The entries of a section, read by copy: nothing says that they lie aligned.
template <typename T>
class Entries {
 public:
  explicit Entries(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t size() const { return bytes_.size() / sizeof(T); }
  [[nodiscard]] std::optional<T> at(std::size_t index) const {
    if (index >= size()) {
      return std::nullopt;
    }
    T entry;
    std::memcpy(&entry, bytes_.data() + index * sizeof(T), sizeof entry);
    return entry;
  }

 private:
  std::span<const std::byte> bytes_;
};

/// The next hops of a snapshot, made again in the tables when they are asked for.
class NextHops {
 public:
  NextHops(const StateDocument& document, Writer& writer)
      : writer_(writer),
        nexthops_(document.section("nexthops")),
        buckets_(document.section("buckets")),
        ports_(document.section("ports")) {}
  NextHops(const NextHops&) = delete;
  NextHops& operator=(const NextHops&) = delete;
  ~NextHops() {
    for (const auto& [id, made] : made_) {
      if (made != 0) {
        (void)writer_.drop(made);
      }
    }
  }

  /// The id in the tables; 0: it can't be made.
  Result<NextHopId> find(std::uint32_t id, bool in_group = false) {
    if (const auto known = made_.find(id); known != made_.end()) {
      return known->second;
    }
    const auto entry = nexthops_.at(id);
    const bool is_group = entry && entry->kind == NPU_NH_GROUP;
    if (!entry || (is_group && in_group)) {
      return NextHopId{0};
    }
    auto made = is_group ? group(*entry) : single(*entry);
    if (made) {
      made_[id] = *made;
    }
    return made;
  }

 private:
  Result<NextHopId> single(const npu_nexthop& entry) {
    tables::NextHop nexthop;
    nexthop.kind = static_cast<npu_nexthop_kind>(entry.kind);
    if (nexthop.kind == NPU_NH_NONE || entry.kind > NPU_NH_PUNT) {
      return NextHopId{0};
    }
    if (nexthop.kind == NPU_NH_FORWARD || nexthop.kind == NPU_NH_CONNECTED) {
      const auto port = ports_.at(entry.port);
      const auto name = port ? std::string_view(port->name, ::strnlen(port->name, 16)) : "";
      const auto index = name.empty() ? std::nullopt : writer_.find_port(name);
      if (!index) {
        return NextHopId{0};
      }
      nexthop.port = *index;
    }
    if (nexthop.kind == NPU_NH_FORWARD) {
      nexthop.gateway.family = entry.family;
      std::copy(std::begin(entry.gateway), std::end(entry.gateway), nexthop.gateway.bytes.begin());
    }
    return writer_.intern(nexthop);
  }

  Result<NextHopId> group(const npu_nexthop& entry) {
    std::vector<tables::GroupMember> members;
    for (std::uint32_t n = 0; n < entry.bucket_count; ++n) {
      const auto bucket = buckets_.at(std::size_t{entry.first_bucket} + n);
      auto member = bucket ? find(*bucket, true) : Result<NextHopId>(NextHopId{0});
      if (!member) {
        return member;
      }
      const auto known = std::find_if(members.begin(), members.end(),
                                      [&](const auto& each) { return each.nexthop == *member; });
      if (known != members.end()) {
        ++known->weight;
      } else if (*member != 0) {
        members.push_back({*member, 1});
      }
    }
    return members.empty() ? NextHopId{0}
                           : writer_.intern_group(members, {entry.resilient != 0, 0});
  }

  Writer& writer_;
  Entries<npu_nexthop> nexthops_;
  Entries<npu_u32> buckets_;
  Entries<npu_port> ports_;
  std::unordered_map<std::uint32_t, NextHopId> made_;
};

bool is_daemon_route(const npu_route& route) {
  const unsigned wanted = NPU_ROUTE_USED | NPU_ROUTE_DAEMON;
  return (route.state & wanted) == wanted && (route.family == 4 || route.family == 6) &&
         route.length <= (route.family == 4 ? 32 : 128);
}

Prefix prefix_of(const npu_route& route) {
  Prefix prefix;
  prefix.family = route.family;
  prefix.length = route.length;
  std::copy(std::begin(route.address), std::end(route.address), prefix.bytes.begin());
  return prefix;
}

Result<std::uint64_t> remove_others(Writer& writer, std::vector<Prefix> wanted) {
  std::sort(wanted.begin(), wanted.end());
  std::vector<Prefix> others;
  writer.each_route([&](const tables::RouteEntry& entry) {
    if (entry.info.owner == tables::RouteOwner::daemon &&
        !std::binary_search(wanted.begin(), wanted.end(), entry.prefix)) {
      others.push_back(entry.prefix);
    }
    return true;
  });
  for (const Prefix& prefix : others) {
    if (auto gone = writer.remove_route(prefix); !gone) {
      return fail(std::move(gone).error());
    }
  }
  return others.size();
}

}  // namespace

Result<checkpoint::StateBytes> encode_snapshot(const Writer& writer, const tables::Segment& segment,
                                               const std::string& router) {
  const tables::RouteCounts counts = writer.counts();
  const npu_header& header = segment.header();
  PackedRoutes routes(entries_of<npu_route>(segment, NPU_ROUTES));
  const StateSection sections[] = {
      {"router", std::as_bytes(std::span(router))},
      {"routes",
       {},
       [&] { return routes.next(); },
       (counts.daemon4 + counts.daemon6) * sizeof(npu_route)},
      {"nexthops", used<npu_nexthop>(segment, NPU_NEXTHOPS, header.high_water[2])},
      {"buckets", used<npu_u32>(segment, NPU_BUCKETS,
                                std::size_t{header.high_water[3]} * tables::BucketPool::chunk)},
      {"ports", used<npu_port>(segment, NPU_PORTS, used_ports(segment))}};
  return checkpoint::encode_state(kind, schema, sections);
}

Result<json> take_snapshot(const Writer& writer, const tables::Segment& segment,
                           const std::string& router, const std::filesystem::path& file) {
  auto bytes = encode_snapshot(writer, segment, router);
  if (!bytes) {
    return fail(std::move(bytes).error());
  }
  const auto span = std::as_const(*bytes).span();
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(span.data())),
                              span.size());
  ISSU_TRY(write_file_atomic(file, text), "writing the snapshot");
  const tables::RouteCounts counts = writer.counts();
  return json{{"file", file.string()},
              {"bytes", span.size()},
              {"routes", counts.daemon4 + counts.daemon6},
              {"digest", checkpoint::digest_text(checkpoint::digest_of(span))}};
}

Result<json> restore_snapshot(Writer& writer, const std::string& router,
                              const std::filesystem::path& file) {
  auto text = read_file(file, largest_snapshot);
  if (!text) {
    return fail(std::move(text).error());
  }
  auto document = checkpoint::decode_state(std::as_bytes(std::span(*text)), {kind, schema, schema});
  if (!document) {
    return pass(std::move(document).error(), "reading " + file.string());
  }
  const auto whose = document->section("router");
  if (!std::equal(whose.begin(), whose.end(), std::as_bytes(std::span(router)).begin(),
                  std::as_bytes(std::span(router)).end())) {
    const std::string name(static_cast<const char*>(static_cast<const void*>(whose.data())),
                           whose.size());
    return fail(file.string() + " is of the router " + name + ", this is " + router,
                "restore it there, or take a snapshot here", ErrorKind::refused);
  }
  const Entries<npu_route> routes(document->section("routes"));
  NextHops nexthops(*document, writer);
  std::vector<Prefix> wanted;
  std::vector<tables::RouteChange> changes;
  std::uint64_t left_out = 0;
  for (std::size_t slot = 0; slot < routes.size(); ++slot) {
    const npu_route route = *routes.at(slot);
    if (!is_daemon_route(route)) {
      continue;
    }
    auto nexthop = nexthops.find(route.nexthop);
    if (!nexthop) {
      return pass(std::move(nexthop).error(), "making the next hops of the snapshot");
    }
    if (*nexthop == 0) {
      ++left_out;
      continue;
    }
    const Prefix prefix = prefix_of(route);
    wanted.push_back(prefix);
    changes.push_back(
        {prefix, *nexthop, {route.protocol, route.metric, tables::RouteOwner::daemon}});
  }
  ISSU_TRY(writer.load(changes), "setting the routes of the snapshot");
  auto removed = remove_others(writer, std::move(wanted));
  if (!removed) {
    return pass(std::move(removed).error(), "removing routes that are not in the snapshot");
  }
  return json{{"file", file.string()},
              {"routes", changes.size()},
              {"removed", *removed},
              {"left_out", left_out}};
}

}  // namespace issu::backends::soft
