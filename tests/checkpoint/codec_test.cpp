#include "checkpoint/conditioner/codec.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "checkpoint/conditioner/bytes.hpp"
#include "checkpoint/conditioner/conditioner.hpp"
#include "checkpoint/conditioner/memberships.hpp"
#include "checkpoint/state_document.hpp"
#include "issu/base/file.hpp"
#include "tests/temp_dir.hpp"

namespace issu::checkpoint::conditioner {
namespace {

SecretBytes secret(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Record sample() {
  Socket bgp;
  bgp.holders = {{"7", "bgpd", 12}, {"9", "bgpd", 3}};
  bgp.family = AF_INET;
  bgp.type = SOCK_STREAM;
  bgp.protocol = IPPROTO_TCP;
  bgp.flow = TcpFlow{4, {192, 0, 2, 1}, {192, 0, 2, 2}, 179, 40000};
  bgp.options = {{IPPROTO_IP, IP_MINTTL, {std::byte{255}, {}, {}, {}}}};
  bgp.keys.push_back({4, {192, 0, 2, 2}, 32, secret("hush")});
  Socket ospf;
  ospf.holders = {{"8", "ospfd", 11}};
  ospf.family = AF_INET;
  ospf.type = SOCK_RAW;
  ospf.protocol = 89;
  ospf.memberships = {{4, 2, {224, 0, 0, 5}, false, {}},
                      {4, 2, {232, 1, 1, 1}, true, {{192, 0, 2, 9}}}};
  Socket zebra;
  zebra.holders = {{"4", "zebra", 9}};
  zebra.family = AF_NETLINK;
  zebra.type = SOCK_RAW;
  zebra.netlink_port = 4;
  zebra.groups = {33, 34};
  Record record;
  record.sockets = {bgp, ospf, zebra};
  return record;
}

Result<Record> of(const ByteWriter& sockets, const ByteWriter& keys) {
  return decode_sections(sockets.bytes(), keys.bytes());
}

void start_socket(ByteWriter& out) {
  out.number(std::uint32_t{1});  // sockets
  out.number(std::uint32_t{1});  // holders
  out.text("7");
  out.text("x");
  out.number(std::uint32_t{3});
  out.number(std::uint16_t{AF_INET});
  out.number(std::uint16_t{SOCK_RAW});
  out.number(std::uint16_t{89});
  out.number(std::uint8_t{0});
  out.number(std::uint8_t{0});
  out.number(std::uint32_t{0});
}

std::string refusal(const ByteWriter& sockets, std::uint32_t keys = 0) {
  ByteWriter no_keys;
  no_keys.number(keys);
  const auto read = of(sockets, no_keys);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind() == ErrorKind::refused);
  return read.error().message();
}

TEST_CASE("what was written is read again") {
  const auto bytes = encode(sample());
  REQUIRE(bytes.has_value());
  const auto record = decode(*bytes);
  REQUIRE_MESSAGE(record, (record ? "" : record.error().message()));
  CHECK(*record == sample());
}

TEST_CASE("each byte that changes and each that is missing is seen") {
  auto bytes = encode(sample());
  REQUIRE(bytes.has_value());
  for (std::size_t at = 0; at < bytes->size(); ++at) {
    (*bytes)[at] ^= std::byte{16};
    CHECK_FALSE(decode(*bytes));
    (*bytes)[at] ^= std::byte{16};
    CHECK_FALSE(decode(std::span<const std::byte>(*bytes).first(at)));
  }
}

TEST_CASE("another kind and a later schema are refused with the reason, and no key is quoted") {
  const std::string hush = "hush";
  const std::vector<StateSection> sections = {{"keys", std::as_bytes(std::span(hush))}};
  const auto kind = encode_state("npu-tables", 1, sections);
  const auto schema = encode_state(document_kind, document_schema + 1, sections);
  const auto garbled = encode_state(document_kind, document_schema, sections);
  REQUIRE(kind);
  REQUIRE(schema);
  REQUIRE(garbled);
  const auto wrong_kind = decode(kind->span());
  const auto wrong_schema = decode(schema->span());
  const auto wrong_bytes = decode(garbled->span());
  REQUIRE_FALSE(wrong_kind);
  REQUIRE_FALSE(wrong_schema);
  REQUIRE_FALSE(wrong_bytes);
  CHECK(wrong_kind.error().message().find("\"conditioner\" is wanted") != std::string::npos);
  CHECK(wrong_schema.error().message().find("its schema is 2") != std::string::npos);
  CHECK(wrong_bytes.error().message().find("hush") == std::string::npos);
}

TEST_CASE("values that no socket could have had are refused") {
  ByteWriter option;
  start_socket(option);
  option.number(std::uint32_t{0});  // groups
  option.number(std::uint32_t{1});  // options
  option.number(std::uint32_t{SOL_SOCKET});
  option.number(std::uint32_t{SO_DEBUG});
  option.sized(std::as_bytes(std::span("\1\0\0")));
  option.number(std::uint32_t{0});
  CHECK(refusal(option).find("socket option 1:1") != std::string::npos);

  ByteWriter group;
  start_socket(group);
  group.number(std::uint32_t{1});
  group.number(std::uint32_t{5});
  CHECK(refusal(group).find("netlink group 5") != std::string::npos);

  ByteWriter nobody;
  nobody.number(std::uint32_t{1});
  nobody.number(std::uint32_t{0});
  CHECK(refusal(nobody).find("no process holds") != std::string::npos);

  ByteWriter many;
  many.number(std::uint32_t{0xffffffff});
  CHECK(refusal(many).find("in the middle of a list") != std::string::npos);

  ByteWriter none;
  none.number(std::uint32_t{0});
  CHECK(refusal(none, 1).find("its keys") != std::string::npos);
  none.number(std::uint8_t{0});
  CHECK(refusal(none).find("more in it") != std::string::npos);
}

TEST_CASE("its file is for its owner only, and is read back") {
  const tests::TempDir folder;
  const auto written = encode(sample());
  REQUIRE(written.has_value());
  const auto* text = static_cast<const char*>(static_cast<const void*>(written->data()));
  const auto first = folder / "first";
  REQUIRE(write_file_atomic(first, {text, written->size()}, 0644));
  const auto loaded = Conditioner::load(first);
  REQUIRE(loaded.has_value());
  CHECK(loaded->flows() == std::vector<TcpFlow>{*sample().sockets[0].flow});
  CHECK(loaded->summary()["tcp_md5_keys"] == 1);
  CHECK(loaded->summary()["multicast_memberships"] == 2);
  CHECK(loaded->summary()["netlink_groups"] == 2);
  CHECK(loaded->summary()["processes"] == 4);
  CHECK(loaded->summary().dump().find("hush") == std::string::npos);
  const auto second = folder / "second";
  REQUIRE(loaded->save(second));
  struct stat status {};
  REQUIRE(::stat(second.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  CHECK(read_file(first).value() == read_file(second).value());
  std::ofstream(second, std::ios::app) << "x";
  const auto damaged = Conditioner::load(second);
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().kind() == ErrorKind::refused);
  CHECK(damaged.error().message().find(second) != std::string::npos);
  CHECK_FALSE(Conditioner::load(folder / "none").has_value());
}

struct tcp_like {
  char bytes[80];
};

/// Looks at the bytes at the moment at which they are given back.
template <typename T>
struct WatchedAllocator : WipingAllocator<T> {
  using value_type = T;
  template <typename U>
  struct rebind {
    using other = WatchedAllocator<U>;
  };
  T* allocate(std::size_t count) { return static_cast<T*>(std::calloc(count, sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept {
    WipingAllocator<T>::wipe(memory, count);
    seen += std::count(memory, memory + count, T{'k'});
    std::free(memory);
  }
  static inline std::ptrdiff_t seen = 0;
};

TEST_CASE("memory that held a key is wiped when it is given back, also when a vector grows") {
  using Watched = WatchedAllocator<char>;
  {
    std::vector<char, Watched> bytes;
    for (int n = 0; n < 10000; ++n) {
      bytes.push_back('k');
    }
  }
  CHECK(Watched::seen == 0);
  tcp_like key{};
  {
    const WipeAtEnd wipe(key);
    std::fill(std::begin(key.bytes), std::end(key.bytes), 'k');
  }
  CHECK(std::count(std::begin(key.bytes), std::end(key.bytes), 'k') == 0);
}

TEST_CASE("the kernel's lists of multicast groups are read") {
  const auto ipv4 = parse_igmp(
      "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
      "1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n"
      "12\tp0        :     2      V3\n\t\t\t\t050000E0     1 0:00000000\t\t0\n"
      "\t\t\t\t010000E0     1 0:00000000\t\t0\n");
  REQUIRE(ipv4.size() == 3);
  CHECK(ipv4[1] == Group{4, 12, {224, 0, 0, 5}});
  const auto ipv6 = parse_igmp6(
      "1    lo              ff020000000000000000000000000001     1 0000000C 0\n"
      "2    p0              ff0200000000000000000000000000zz     1 00000008 0\n"
      "2    p0              ff020000000000000000000000000005     1 00000008 0\n");
  REQUIRE(ipv6.size() == 2);
  CHECK(ipv6[1].ifindex == 2);
  CHECK(address_text(6, ipv6[1].address) == "ff02::5");
  CHECK(parse_igmp("\t\t\t\t010000E0     1\nnonsense\n\n").empty());
  CHECK(parse_igmp6("nonsense\n\n").empty());
}

TEST_CASE("flows are written for people") {
  CHECK(flow_text(*sample().sockets[0].flow) == "192.0.2.1:179 - 192.0.2.2:40000");
  CHECK(flow_text({6, {0xfe, 0x80}, {0x20, 1, 0xd, 0xb8}, 179, 9}) ==
        "[fe80::]:179 - [2001:db8::]:9");
}

}  // namespace
}  // namespace issu::checkpoint::conditioner
