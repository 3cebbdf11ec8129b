#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "state-sync/tables/tables.hpp"
#include "tests/temp_dir.hpp"

namespace issu::tables::tests {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// Small enough that a test's tables cost nothing, and that they can be filled.
inline Capacities small_capacities() {
  Capacities made;
  made.tbl8_groups = 1024;
  made.nodes6 = 16384;
  made.nexthops = 256;
  made.buckets = 4096;
  made.neighbours = 64;
  made.ports = 16;
  made.locals = 16;
  made.counter_rows = 2;
  made.routes = 1U << 16U;
  return made;
}

/// A folder in memory where there is one.
class Folder {
 public:
  Folder() {
    static int counter = 0;
    const std::filesystem::path memory = "/dev/shm";
    path_ =
        (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) /
        ("issu-tables-" + std::to_string(getpid()) + "-" + std::to_string(counter++));
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  [[nodiscard]] std::filesystem::path file() const { return path_ / "tables"; }

 private:
  std::filesystem::path path_;
};

/// Tables with their writer; time is what the test says.
struct Lab {
  explicit Lab(const Capacities& capacities = small_capacities())
      : segment(Segment::create_file(folder.file(), capacities).value()),
        writer(Writer::open(segment, options()).value()) {}

  WriterOptions options() {
    WriterOptions made;
    made.now = [clock = clock] { return *clock; };
    return made;
  }
  NextHopId gateway(std::uint8_t last) {
    NextHop nexthop;
    nexthop.gateway.bytes = {192, 0, 2, last};
    return writer.intern(nexthop).value();
  }
  Result<void> set(const std::string& prefix, NextHopId id) {
    return writer.set_route(Prefix::parse(prefix).value(), id, {186, 20, RouteOwner::daemon});
  }
  bool remove(const std::string& prefix) {
    return writer.remove_route(Prefix::parse(prefix).value()).value();
  }
  /// What the lookups say.
  [[nodiscard]] NextHopId lookup(const std::string& address) const {
    const Prefix prefix =
        Prefix::parse(address + (address.find(':') == std::string::npos ? "/32" : "/128")).value();
    const auto& b = prefix.bytes;
    if (prefix.family == 6) {
      return npu_lookup6(&segment.view(), b.data());
    }
    return npu_lookup4(&segment.view(), (std::uint32_t{b[0]} << 24U) |
                                            (std::uint32_t{b[1]} << 16U) |
                                            (std::uint32_t{b[2]} << 8U) | b[3]);
  }

  Folder folder;
  std::shared_ptr<MonoNs> clock = std::make_shared<MonoNs>(1'000'000'000'000);
  Segment segment;
  Writer writer;
};

/// The longest match as one writes it first: one bit a node.
class ReferenceTrie {
 public:
  void set(const Prefix& prefix, NextHopId id) { nodes_[walk(prefix)].id = id; }
  [[nodiscard]] NextHopId lookup(const std::array<std::uint8_t, 16>& address) const {
    NextHopId best = 0;
    std::uint32_t node = 0;
    for (unsigned bit = 0;; ++bit) {
      best = nodes_[node].id != 0 ? nodes_[node].id : best;
      if (bit == 128) {
        return best;
      }
      node = nodes_[node].child[(address[bit / 8] >> (7 - bit % 8)) & 1U];
      if (node == 0) {
        return best;
      }
    }
  }

 private:
  struct Node {
    std::array<std::uint32_t, 2> child{};
    NextHopId id = 0;
  };

  std::uint32_t walk(const Prefix& prefix) {
    std::uint32_t node = 0;
    for (unsigned bit = 0; bit < prefix.length; ++bit) {
      const unsigned side = (prefix.bytes[bit / 8] >> (7 - bit % 8)) & 1U;
      if (nodes_[node].child[side] == 0) {
        nodes_[node].child[side] = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
      }
      node = nodes_[node].child[side];
    }
    return node;
  }

  std::vector<Node> nodes_{1};
};

}  // namespace issu::tables::tests
