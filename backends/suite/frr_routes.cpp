#include "backends/suite/frr_routes.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "backends/daemons/frr_vty.hpp"

namespace issu::backends {
namespace {

/// ZEBRA_FLAG_SELFROUTE: read from the kernel at start, left there by an earlier zebra.
constexpr std::uint64_t from_earlier_life = 0x02;

constexpr std::size_t answer_limit = 2UL << 30U;

bool is_daemons(std::string_view protocol) {
  return protocol != "connected" && protocol != "local" && protocol != "kernel" &&
         !protocol.empty();
}

/// What both daemons say of a path that matters here.
struct Path {
  std::string protocol;
  std::string peer;
  bool selected = false;
  std::uint64_t flags = 0;
};

/// Reads an answer as it goes by: as a tree, 100,000 routes would take a gigabyte. Paths are the
/// objects at one depth, below a key that is their prefix:
/// {"10.0.0.0/24": [{"protocol": …, "selected": true, "internalFlags": …, "nexthops": […]}, …]}
class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  using Take = std::function<bool(const state_sync::Prefix&, const Path&)>;

  /// `depth`: of the paths; `take` says whether the prefix is dealt with.
  Reader(int depth, Take take) : path_depth_(depth), take_(std::move(take)) {}

  bool key(string_t& name) override {
    if (depth_ == path_depth_ - 2) {
      prefix_ = name;
      done_ = false;
    }
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) override {
    if (++depth_ == path_depth_) {
      path_ = {};
    }
    return true;
  }
  bool end_object() override {
    if (depth_-- == path_depth_ && !done_ && path_.selected) {
      const auto prefix = state_sync::Prefix::parse(prefix_);
      done_ = prefix && take_(*prefix, path_);
    }
    return true;
  }
  bool start_array(std::size_t) override {
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ == path_depth_ && key_ == "protocol") {
      path_.protocol = value;
    } else if (depth_ == path_depth_ && key_ == "peerId") {
      path_.peer = value;
    }
    return true;
  }
  bool boolean(bool value) override {
    if (depth_ == path_depth_ && (key_ == "selected" || key_ == "bestpath")) {
      path_.selected = value;
    }
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ == path_depth_ && key_ == "internalFlags") {
      path_.flags = value;
    }
    return true;
  }
  bool null() override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    reason_ = error.what();
    return false;
  }

  Result<void> read(std::string_view json) {
    if (!nlohmann::json::sax_parse(json.begin(), json.end(), this)) {
      return fail("the list of routes is not what it should be: " + reason_);
    }
    return {};
  }

 private:
  int path_depth_;
  Take take_;
  int depth_ = 0;
  std::string prefix_;
  std::string key_;
  std::string reason_;
  Path path_;
  bool done_ = false;
};

/// Protocols of zebra that a daemon answers for, by address family.
struct Announcer {
  std::string_view daemon;
  std::string_view ipv4;
  std::string_view ipv6;
};
constexpr Announcer announcers[] = {
    {"staticd", "static", "static"}, {"ospfd", "ospf", ""},        {"ospf6d", "", "ospf6"},
    {"isisd", "isis", "isis"},       {"ripd", "rip", ""},          {"ripngd", "", "ripng"},
    {"eigrpd", "eigrp", ""},         {"babeld", "babel", "babel"},
};

/// Asks FRR daemons with one deadline for all questions.
class Asker {
 public:
  Asker(const std::filesystem::path& folder, std::chrono::milliseconds timeout)
      : deadline_(Deadline::in(timeout)),
        zebra_(folder / "zebra.vty"),
        bgpd_(folder / "bgpd.vty") {}

  Result<void> zebra(const std::string& what) {
    auto answer = ask(zebra_, "show " + what + " json");
    if (!answer) {
      return fail(std::move(answer).error());
    }
    return parse_zebra_routes(*answer, routes_);
  }

  Result<void> bgp(const std::string& family, const std::string& ip) {
    auto answer = ask(bgpd_, "show bgp " + family + " unicast json");
    auto found = answer ? parse_bgp_routes(*answer) : fail(answer.error());
    if (!found) {
      return fail(std::move(found).error());
    }
    routes_.insert(routes_.end(), found->learned.begin(), found->learned.end());
    // An aggregate goes to zebra, a network statement does not: zebra knows which it has.
    for (const state_sync::Prefix& prefix : found->local) {
      ISSU_TRY(zebra(ip + " route " + prefix.text()), "asking for a route of our own");
    }
    return {};
  }

  std::vector<state_sync::Prefix> take() { return std::move(routes_); }

 private:
  Result<std::string> ask(FrrVty& daemon, const std::string& question) {
    return daemon.ask(question, std::chrono::milliseconds(deadline_.left_ms()), answer_limit);
  }

  Deadline deadline_;
  FrrVty zebra_;
  FrrVty bgpd_;
  std::vector<state_sync::Prefix> routes_;
};

}  // namespace

Result<void> parse_zebra_routes(std::string_view json, std::vector<state_sync::Prefix>& routes) {
  Reader reader(3, [&](const state_sync::Prefix& prefix, const Path& path) {
    const bool announced = is_daemons(path.protocol) && (path.flags & from_earlier_life) == 0;
    if (announced) {
      routes.push_back(prefix);
    }
    return announced;
  });
  return reader.read(json);
}

Result<BgpRoutes> parse_bgp_routes(std::string_view json) {
  BgpRoutes routes;
  Reader reader(4, [&](const state_sync::Prefix& prefix, const Path& path) {
    (path.peer == "(unspec)" ? routes.local : routes.learned).push_back(prefix);
    return true;
  });
  ISSU_TRY(reader.read(json), "reading bgpd's table");
  return routes;
}

Result<std::vector<state_sync::Prefix>> frr_announced_routes(
    const std::filesystem::path& folder, const std::vector<std::string>& daemons,
    std::chrono::milliseconds timeout) {
  Asker asker(folder, timeout);
  for (const std::string& daemon : daemons) {
    const std::string asking = "asking for the routes of " + daemon;
    const auto* row = std::find_if(std::begin(announcers), std::end(announcers),
                                   [&](const Announcer& one) { return one.daemon == daemon; });
    if (daemon == "bgpd") {
      ISSU_TRY(asker.bgp("ipv4", "ip"), asking);
      ISSU_TRY(asker.bgp("ipv6", "ipv6"), asking);
    } else if (row != std::end(announcers)) {
      if (!row->ipv4.empty()) {
        ISSU_TRY(asker.zebra("ip route " + std::string(row->ipv4)), asking);
      }
      if (!row->ipv6.empty()) {
        ISSU_TRY(asker.zebra("ipv6 route " + std::string(row->ipv6)), asking);
      }
    }
  }
  return asker.take();
}

}  // namespace issu::backends
