// Frames of somebody who may be anybody, taken into real tables: as a daemon's, then as a kernel's.

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "state-sync/fpm/feed.hpp"
#include "state-sync/fpm/frames.hpp"

namespace {

using issu::fpm::Feed;
namespace tables = issu::tables;

tables::Capacities small() {
  tables::Capacities capacities;
  capacities.tbl8_groups = 16;
  capacities.nodes6 = 64;
  capacities.nexthops = 32;
  capacities.buckets = 256;
  capacities.neighbours = 16;
  capacities.routes = 64;
  return capacities;
}

template <typename Value>
Value must(issu::Result<Value> result) {
  if (!result) {
    std::abort();
  }
  return std::move(*result);
}

/// One for all inputs: to begin with empty tables takes longer than an input does.
struct Lab {
  std::filesystem::path file = "/tmp/issu-feed-fuzz-" + std::to_string(::getpid());
  tables::Segment segment = must(tables::Segment::create_file(file, small()));
  tables::Writer writer = must(tables::Writer::open(segment));
  Lab() {
    tables::Port port;
    port.name = "one";
    must(writer.set_port(port));
  }
  ~Lab() { std::filesystem::remove(file); }

  void feed(const std::vector<std::byte>& messages, bool kernel) {
    Feed feed(writer, {[](std::uint32_t ifindex) {
                         return ifindex % 4 == 3 ? std::optional(0U) : std::nullopt;
                       },
                       {}});
    if (kernel) {
      feed.follow_kernel();
      feed.begin_listing();
    }
    feed.apply(messages);
    feed.apply(messages);
  }
  void empty() {
    std::vector<tables::Prefix> all;
    writer.each_route([&](const tables::RouteEntry& route) {
      all.push_back(route.prefix);
      return true;
    });
    for (const tables::Prefix& prefix : all) {
      must(writer.remove_route(prefix));
    }
    // What a feed that is gone still holds would be lost for good.
    if (writer.nexthop_count() != 0 || writer.counts().all != 0) {
      std::abort();
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Lab lab;
  if (size < issu::fpm::frame_header_bytes) {
    return 0;
  }
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const std::vector<std::byte> messages(first + issu::fpm::frame_header_bytes, first + size);
  for (const bool kernel : {false, true}) {
    lab.feed(messages, kernel);
    lab.empty();
  }
  return 0;
}
