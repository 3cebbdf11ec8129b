#include "tests/backends/npu/soft/engine/table_lab.hpp"

#include <doctest/doctest.h>

namespace issu::backends::soft {
namespace {

/// The prefix that an address with a length is in.
tables::Prefix prefix(const std::string& text) {
  const auto slash = text.find('/');
  const tables::Address address = frames::address(text.substr(0, slash));
  tables::Prefix made;
  made.family = address.family;
  made.length = static_cast<std::uint8_t>(std::stoi(text.substr(slash + 1)));
  for (unsigned bit = 0; bit < made.length; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    made.bytes[bit / 8] |= static_cast<std::uint8_t>(address.bytes[bit / 8] & mask);
  }
  return made;
}

}  // namespace

tables::Capacities small_capacities() {
  tables::Capacities capacities;
  capacities.tbl8_groups = 1U << 8U;
  capacities.nodes6 = 1U << 9U;
  capacities.nexthops = 1U << 8U;
  capacities.buckets = 1U << 10U;
  capacities.neighbours = 1U << 8U;
  capacities.ports = 16;
  capacities.locals = 64;
  capacities.counter_rows = 4;
  capacities.routes = 1U << 12U;
  return capacities;
}

void TableHands::route(const std::string& text, const tables::NextHop& nexthop) const {
  const auto id = writer_.intern(nexthop);
  REQUIRE(id);
  REQUIRE(writer_.set_route(prefix(text), *id, {3, 0, tables::RouteOwner::chassis}));
}

void TableHands::forward(const std::string& text, std::uint32_t port,
                         const std::string& gateway) const {
  route(text, {NPU_NH_FORWARD, port, frames::address(gateway)});
}

void TableHands::connected(const std::string& text, std::uint32_t port) const {
  route(text, {NPU_NH_CONNECTED, port, {}});
}

void TableHands::own(const std::string& text, std::uint32_t port) const {
  const std::string bare = text.substr(0, text.find('/'));
  const tables::Address address = frames::address(bare);
  auto locals = writer_.locals();
  const auto length = static_cast<std::uint8_t>(std::stoi(text.substr(text.find('/') + 1)));
  locals.push_back({address, length, port});
  REQUIRE(writer_.set_locals(locals));
  route(bare + (address.family == 4 ? "/32" : "/128"), {NPU_NH_PUNT, port, {}});
  connected(text, port);
}

void TableHands::neighbour(std::uint32_t port, const std::string& address,
                           const tables::MacAddress& mac, npu_neighbour_state state) const {
  REQUIRE(writer_.set_neighbour({port, frames::address(address), mac, state, 0, 0}));
}

TableLab::TableLab()
    : segment(tables::Segment::create_file(dir / "tables", small_capacities()).value()),
      writer(tables::Writer::open(segment).value()) {
  REQUIRE(writer.set_port({"p1", 11, 1500, frames::port_mac, true, {21, 22}}) == 0U);
  REQUIRE(writer.set_port({"p2", 12, 1400, other_port_mac, true, {23, 24}}) == 1U);
  hands.own("192.0.2.1/24", 0);
  hands.own("2001:db8:1::1/64", 0);
  hands.own("198.51.100.1/24", 1);
  hands.own("2001:db8:2::1/64", 1);
}

}  // namespace issu::backends::soft
