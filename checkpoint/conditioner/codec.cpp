#include "checkpoint/conditioner/codec.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "checkpoint/conditioner/bytes.hpp"
#include "checkpoint/conditioner/netlink_groups.hpp"
#include "checkpoint/conditioner/options.hpp"
#include "checkpoint/state_document.hpp"

namespace issu::checkpoint::conditioner {
namespace {

constexpr std::size_t longest_option = 64;
constexpr std::size_t longest_key = 80;

tl::unexpected<Error> refuse(std::string why) {
  return fail(std::move(why), "", ErrorKind::refused);
}

template <typename Container>
void write_count(ByteWriter& out, const Container& container) {
  out.number(static_cast<std::uint32_t>(container.size()));
}

void write_address(ByteWriter& out, const Address& address) {
  out.raw(std::as_bytes(std::span(address)));
}

Address read_address(ByteReader& in) {
  Address address{};
  const auto bytes = in.raw(address.size());
  std::transform(bytes.begin(), bytes.end(), address.begin(),
                 [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  return address;
}

void write_flow(ByteWriter& out, const TcpFlow& flow) {
  out.number(flow.family);
  write_address(out, flow.local_address);
  write_address(out, flow.remote_address);
  out.number(flow.local_port);
  out.number(flow.remote_port);
}

TcpFlow read_flow(ByteReader& in) {
  TcpFlow flow;
  flow.family = in.number<std::uint8_t>();
  flow.local_address = read_address(in);
  flow.remote_address = read_address(in);
  flow.local_port = in.number<std::uint16_t>();
  flow.remote_port = in.number<std::uint16_t>();
  return flow;
}

void write_socket(ByteWriter& out, const Socket& socket) {
  write_count(out, socket.holders);
  for (const Holder& holder : socket.holders) {
    out.text(holder.process);
    out.text(holder.name);
    out.number(holder.fd);
  }
  out.number(socket.family);
  out.number(socket.type);
  out.number(socket.protocol);
  out.number(static_cast<std::uint8_t>(socket.listening ? 1 : 0));
  out.number(static_cast<std::uint8_t>(socket.flow ? 1 : 0));
  if (socket.flow) {
    write_flow(out, *socket.flow);
  }
  out.number(socket.netlink_port);
  write_count(out, socket.groups);
  for (const std::uint32_t group : socket.groups) {
    out.number(group);
  }
  write_count(out, socket.options);
  for (const OptionValue& option : socket.options) {
    out.number(option.level);
    out.number(option.name);
    out.sized(option.value);
  }
  write_count(out, socket.memberships);
  for (const Membership& membership : socket.memberships) {
    out.number(membership.family);
    out.number(membership.ifindex);
    write_address(out, membership.group);
    out.number(static_cast<std::uint8_t>(membership.include ? 1 : 0));
    write_count(out, membership.sources);
    for (const Address& source : membership.sources) {
      write_address(out, source);
    }
  }
}

/// Calls `read` as often as a count says, until the bytes end.
template <typename Read>
Result<void> read_each(ByteReader& in, const Read& read) {
  const auto count = in.number<std::uint32_t>();
  for (std::uint32_t index = 0; index < count; ++index) {
    if (!in.good()) {
      break;
    }
    ISSU_TRY(read(), "");
  }
  return in.good() ? Result<void>() : refuse("it ends in the middle of a list");
}

bool is_family(std::uint8_t family) {
  return family == 4 || family == 6;
}

Result<void> read_membership(ByteReader& in, Socket& socket) {
  Membership membership;
  membership.family = in.number<std::uint8_t>();
  membership.ifindex = in.number<std::uint32_t>();
  membership.group = read_address(in);
  membership.include = in.number<std::uint8_t>() != 0;
  ISSU_TRY(read_each(in,
                     [&]() -> Result<void> {
                       membership.sources.push_back(read_address(in));
                       return {};
                     }),
           "");
  if (!is_family(membership.family) || membership.ifindex == 0 || membership.ifindex > INT32_MAX) {
    return refuse("a multicast membership of no address family or interface");
  }
  socket.memberships.push_back(std::move(membership));
  return {};
}

Result<void> read_option(ByteReader& in, Socket& socket) {
  OptionValue option;
  option.level = in.number<std::uint32_t>();
  option.name = in.number<std::uint32_t>();
  const auto value = in.sized();
  option.value.assign(value.begin(), value.end());
  if (find_option(option.level, option.name) == nullptr || option.value.size() > longest_option) {
    return refuse("socket option " + std::to_string(option.level) + ":" +
                  std::to_string(option.name) + " is none that is put back");
  }
  socket.options.push_back(std::move(option));
  return {};
}

Result<void> read_group(ByteReader& in, Socket& socket) {
  const auto group = in.number<std::uint32_t>();
  if (group <= last_dumped_group || group > INT32_MAX) {
    return refuse("netlink group " + std::to_string(group) + " is none that is put back");
  }
  socket.groups.push_back(group);
  return {};
}

Result<Socket> read_socket(ByteReader& in) {
  Socket socket;
  ISSU_TRY(read_each(in,
                     [&]() -> Result<void> {
                       Holder holder;
                       holder.process = in.text();
                       holder.name = in.text();
                       holder.fd = in.number<std::uint32_t>();
                       socket.holders.push_back(std::move(holder));
                       return {};
                     }),
           "");
  if (socket.holders.empty()) {
    return refuse("a socket that no process holds");
  }
  socket.family = in.number<std::uint16_t>();
  socket.type = in.number<std::uint16_t>();
  socket.protocol = in.number<std::uint16_t>();
  socket.listening = in.number<std::uint8_t>() != 0;
  if (in.number<std::uint8_t>() != 0) {
    socket.flow = read_flow(in);
    if (!is_family(socket.flow->family)) {
      return refuse("a TCP connection of no address family");
    }
  }
  socket.netlink_port = in.number<std::uint32_t>();
  ISSU_TRY(read_each(in, [&] { return read_group(in, socket); }), "");
  ISSU_TRY(read_each(in, [&] { return read_option(in, socket); }), "");
  ISSU_TRY(read_each(in, [&] { return read_membership(in, socket); }), "");
  return socket;
}

void write_key(ByteWriter& out, std::size_t socket, const Md5Key& key) {
  out.number(static_cast<std::uint32_t>(socket));
  out.number(key.family);
  out.number(key.prefix_length);
  write_address(out, key.address);
  out.sized(key.key);
}

Result<void> read_key(ByteReader& in, Record& record) {
  const auto socket = in.number<std::uint32_t>();
  Md5Key key;
  key.family = in.number<std::uint8_t>();
  key.prefix_length = in.number<std::uint8_t>();
  key.address = read_address(in);
  const auto secret = in.sized();
  key.key.assign(secret.begin(), secret.end());
  if (socket >= record.sockets.size() || !is_family(key.family) ||
      key.prefix_length > (key.family == 4 ? 32 : 128) || key.key.empty() ||
      key.key.size() > longest_key) {
    return refuse("a TCP MD5 key of no socket, address or length");
  }
  record.sockets[socket].keys.push_back(std::move(key));
  return {};
}

}  // namespace

Result<SecretBytes> encode(const Record& record) {
  ByteWriter sockets;
  ByteWriter keys;
  write_count(sockets, record.sockets);
  std::uint32_t count = 0;
  for (const Socket& socket : record.sockets) {
    write_socket(sockets, socket);
    count += static_cast<std::uint32_t>(socket.keys.size());
  }
  keys.number(count);
  for (std::size_t index = 0; index < record.sockets.size(); ++index) {
    for (const Md5Key& key : record.sockets[index].keys) {
      write_key(keys, index, key);
    }
  }
  const std::vector<StateSection> sections = {{"sockets", sockets.bytes()}, {"keys", keys.bytes()}};
  auto bytes = encode_state(document_kind, document_schema, sections);
  if (!bytes) {
    return fail(std::move(bytes).error());
  }
  SecretBytes document(bytes->span().begin(), bytes->span().end());
  ::explicit_bzero(bytes->span().data(), bytes->span().size());
  return document;
}

Result<Record> decode_sections(std::span<const std::byte> sockets,
                               std::span<const std::byte> keys) {
  Record record;
  ByteReader in(sockets);
  ISSU_TRY(read_each(in,
                     [&]() -> Result<void> {
                       auto socket = read_socket(in);
                       if (!socket) {
                         return fail(std::move(socket).error());
                       }
                       record.sockets.push_back(std::move(*socket));
                       return {};
                     }),
           "its sockets");
  ByteReader key_reader(keys);
  ISSU_TRY(read_each(key_reader, [&] { return read_key(key_reader, record); }), "its keys");
  if (!in.at_end() || !key_reader.at_end()) {
    return refuse("there is more in it than its lists say");
  }
  return record;
}

Result<Record> decode(std::span<const std::byte> bytes) {
  auto document = decode_state(bytes, {document_kind, document_schema, document_schema});
  if (!document) {
    return fail(std::move(document).error());
  }
  return decode_sections(document->section("sockets"), document->section("keys"));
}

}  // namespace issu::checkpoint::conditioner
