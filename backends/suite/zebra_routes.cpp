#include "backends/suite/zebra_routes.hpp"

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

/// Reads the answer as it goes by: as a tree, 100,000 routes would take a gigabyte.
/// {"PREFIX": [{"protocol": …, "selected": true, "internalFlags": …, "nexthops": […]}, …], …}
class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Reader(std::vector<state_sync::Prefix>& routes) : routes_(routes) {}

  bool key(string_t& name) override {
    if (depth_ == 1) {
      prefix_ = name;
      taken_ = false;
    }
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) override {
    if (++depth_ == entry_depth) {
      protocol_.clear();
      selected_ = false;
      flags_ = 0;
    }
    return true;
  }
  bool end_object() override {
    if (depth_-- == entry_depth && !taken_ && selected_ && is_daemons(protocol_) &&
        (flags_ & from_earlier_life) == 0) {
      if (auto prefix = state_sync::Prefix::parse(prefix_)) {
        routes_.push_back(*prefix);
        taken_ = true;
      }
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
    if (depth_ == entry_depth && key_ == "protocol") {
      protocol_ = value;
    }
    return true;
  }
  bool boolean(bool value) override {
    if (depth_ == entry_depth && key_ == "selected") {
      selected_ = value;
    }
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ == entry_depth && key_ == "internalFlags") {
      flags_ = value;
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
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  static constexpr int entry_depth = 3;

  std::vector<state_sync::Prefix>& routes_;
  int depth_ = 0;
  std::string prefix_;
  std::string key_;
  std::string protocol_;
  std::string reason_;
  std::uint64_t flags_ = 0;
  bool selected_ = false;
  bool taken_ = false;
};

}  // namespace

Result<void> parse_zebra_routes(std::string_view json, std::vector<state_sync::Prefix>& routes) {
  Reader reader(routes);
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &reader)) {
    return fail("zebra's list of routes is not what it should be: " + reader.reason());
  }
  return {};
}

Result<std::vector<state_sync::Prefix>> zebra_announced_routes(const std::filesystem::path& socket,
                                                               std::chrono::milliseconds timeout) {
  const Deadline deadline = Deadline::in(timeout);
  FrrVty zebra(socket);
  std::vector<state_sync::Prefix> routes;
  for (const char* question : {"show ip route json", "show ipv6 route json"}) {
    auto answer = zebra.ask(question, std::chrono::milliseconds(deadline.left_ms()), answer_limit);
    if (!answer) {
      return fail(std::move(answer).error());
    }
    ISSU_TRY(parse_zebra_routes(*answer, routes), std::string("asking \"") + question + "\"");
  }
  return routes;
}

}  // namespace issu::backends
