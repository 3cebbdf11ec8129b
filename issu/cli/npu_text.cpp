#include "issu/cli/npu_text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

namespace issu::cli {
namespace {

using nlohmann::json;

std::string word(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string nexthop_text(const json& nexthop) {
  const std::string kind = nexthop.value("kind", "");
  if (kind == "forward") {
    return "via " + nexthop.value("via", "") + " port " + nexthop.value("port", "");
  }
  if (kind == "connected") {
    return "connected to port " + nexthop.value("port", "");
  }
  if (kind != "group") {
    return kind;
  }
  std::string text = "one of";
  for (const json& member : nexthop.value("members", json::array())) {
    text += " [" + nexthop_text(member) + " weight " + word(member.value("weight", json(1))) + "]";
  }
  return text;
}

std::string without_end(std::string text) {
  if (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return text;
}

std::string number_at(const json& object, const char* key) {
  return object.contains(key) ? word(object[key]) : "-";
}

}  // namespace

std::string show_text(const json& answer) {
  std::string text;
  const auto out = std::back_inserter(text);
  const json engine = answer.value("engine", json::object());
  const json feed = answer.value("feed", json::object());
  const json routes = answer.value("routes", json::object());
  fmt::format_to(out, "npud of {}: pid {}, engine {}, feed {}\n", answer.value("router", ""),
                 number_at(answer, "pid"), engine.value("name", "-"), feed.value("name", "-"));
  fmt::format_to(out, "routes: {} IPv4, {} IPv6; {} next hops; layout {}, {} changes{}\n",
                 number_at(routes, "ipv4"), number_at(routes, "ipv6"),
                 number_at(answer, "nexthops"), number_at(answer, "layout"),
                 number_at(answer, "changes"),
                 answer.value("dark", false) ? "; the route processor is dark" : "");
  const json epoch = answer.value("epoch", json::object());
  if (epoch.value("holding", false)) {
    fmt::format_to(out, "held in epoch {}: {} routes, {} refreshed, {} stale, {} deleted\n",
                   number_at(epoch, "epoch"), number_at(epoch, "held"),
                   number_at(epoch, "refreshed"), number_at(epoch, "stale"),
                   number_at(epoch, "deleted"));
  }
  for (const json& port : answer.value("ports", json::array())) {
    fmt::format_to(out, "port {:<15} {:<4} {} mtu {}\n", port.value("name", ""),
                   port.value("up", false) ? "up" : "down", port.value("mac", ""),
                   number_at(port, "mtu"));
  }
  for (const json& address : answer.value("addresses", json::array())) {
    fmt::format_to(out, "address {:<30} port {}\n", address.value("address", ""),
                   address.value("port", ""));
  }
  for (const json& neighbour : answer.value("neighbours", json::array())) {
    fmt::format_to(out, "neighbour {:<28} port {:<15} {} {}\n", neighbour.value("address", ""),
                   neighbour.value("port", ""), neighbour.value("mac", ""),
                   neighbour.value("state", ""));
  }
  for (const auto& [key, value] : feed.items()) {
    if (key != "name") {
      fmt::format_to(out, "feed {} {}\n", key, word(value));
    }
  }
  for (const auto& [key, value] : engine.items()) {
    if (key != "name") {
      fmt::format_to(out, "engine {} {}\n", key, word(value));
    }
  }
  return without_end(std::move(text));
}

std::string routes_text(const json& answer) {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const json& route : answer.value("routes", json::array())) {
    fmt::format_to(out, "{:<28} {} proto {} metric {}{}\n", route.value("prefix", ""),
                   nexthop_text(route.value("nexthop", json::object())),
                   number_at(route, "protocol"), number_at(route, "metric"),
                   route.value("stale", false) ? " stale" : "");
  }
  fmt::format_to(out, "{} routes", number_at(answer, "total"));
  return text;
}

std::string difference_text(const json& answer) {
  std::string text = fmt::format(
      "{} routes are in the NPU and in the route processor's kernel, {} in the NPU only, {} in "
      "the kernel only\n",
      number_at(answer, "same"), number_at(answer, "only_npu"), number_at(answer, "only_kernel"));
  const json samples = answer.value("samples", json::object());
  for (const char* side : {"only_npu", "only_kernel"}) {
    for (const json& prefix : samples.value(side, json::array())) {
      text += (side == std::string("only_npu") ? "+ " : "- ") + word(prefix) + "\n";
    }
  }
  return without_end(std::move(text));
}

std::string counters_text(const json& answer) {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const json& port : answer.value("ports", json::array())) {
    fmt::format_to(out, "port {}\n", port.value("name", ""));
    for (const auto& [key, value] : port.items()) {
      const bool is_count = value.is_number() && value.get<std::uint64_t>() != 0;
      if (is_count) {
        fmt::format_to(out, "  {:<20} {:>16}\n", key, word(value));
      }
    }
  }
  for (const json& nexthop : answer.value("nexthops", json::array())) {
    fmt::format_to(out, "next hop {}: {} packets, {} bytes\n", nexthop_text(nexthop),
                   number_at(nexthop, "packets"), number_at(nexthop, "bytes"));
  }
  return without_end(std::move(text));
}

std::string done_text(const json& answer) {
  std::string text;
  for (const auto& [key, value] : answer.items()) {
    text += (text.empty() ? "" : ", ") + key + " " + word(value);
  }
  return text.empty() ? "done" : text;
}

}  // namespace issu::cli
