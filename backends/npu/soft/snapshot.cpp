#include "backends/npu/soft/snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <vector>

#include "checkpoint/state_document.hpp"
#include "issu/base/file.hpp"

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

struct Part {
  const char* name;
  npu_region region;
};
constexpr Part parts[] = {{"routes", NPU_ROUTES},
                          {"nexthops", NPU_NEXTHOPS},
                          {"buckets", NPU_BUCKETS},
                          {"ports", NPU_PORTS}};

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

Result<json> take_snapshot(const Writer& writer, const tables::Segment& segment,
                           const std::filesystem::path& file) {
  std::vector<StateSection> sections;
  for (const Part& part : parts) {
    sections.push_back({part.name, std::as_bytes(segment.words(part.region))});
  }
  auto bytes = checkpoint::encode_state(kind, NPU_LAYOUT_VERSION, sections);
  if (!bytes) {
    return fail(std::move(bytes).error());
  }
  const auto span = bytes->span();
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(span.data())),
                              span.size());
  ISSU_TRY(write_file_atomic(file, text), "writing the snapshot");
  auto read = checkpoint::decode_state(span, {kind, NPU_LAYOUT_VERSION, NPU_LAYOUT_VERSION});
  if (!read) {
    return pass(std::move(read).error(), "reading the snapshot back");
  }
  const tables::RouteCounts counts = writer.counts();
  return json{{"file", file.string()},
              {"bytes", span.size()},
              {"routes", counts.daemon4 + counts.daemon6},
              {"digest", checkpoint::digest_text(read->digest)}};
}

Result<json> restore_snapshot(Writer& writer, const std::filesystem::path& file) {
  auto text = read_file(file, largest_snapshot);
  if (!text) {
    return fail(std::move(text).error());
  }
  auto document = checkpoint::decode_state(std::as_bytes(std::span(*text)),
                                           {kind, NPU_LAYOUT_VERSION, NPU_LAYOUT_VERSION});
  if (!document) {
    return pass(std::move(document).error(), "reading " + file.string());
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
