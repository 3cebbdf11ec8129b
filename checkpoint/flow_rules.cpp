#include "checkpoint/flow_rules.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <set>

#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "issu/base/fd.hpp"

namespace issu::checkpoint {
namespace {

/// Of the packet filter's eight-byte-wide registers, the first; it is also the first of the
/// four-byte-wide ones, which are counted from `narrow_register`.
constexpr std::uint32_t first_register = NFT_REG_1;
constexpr std::uint32_t narrow_register = NFT_REG32_00;
/// In a key, each part takes whole registers of four bytes.
constexpr std::size_t port_bytes = 4;
/// An attribute has at most 64 KiB.
constexpr std::size_t flows_a_message = 500;

/// What of an IP header the rules look at.
struct Family {
  std::uint8_t number;    ///< 4 or 6
  std::uint8_t protocol;  ///< NFPROTO_*
  const char* set;
  std::uint32_t address_bytes;
  std::uint32_t source_at;
  std::uint32_t destination_at;
  std::uint32_t address_type;  ///< nft's, for who lists the table
};

constexpr std::array families{Family{4, NFPROTO_IPV4, "flows4", 4, 12, 16, 7},
                              Family{6, NFPROTO_IPV6, "flows6", 16, 8, 24, 8}};

template <typename Object, void (*Free)(const Object*)>
struct Freer {
  void operator()(Object* object) const { Free(object); }
};
using TableHandle = std::unique_ptr<nftnl_table, Freer<nftnl_table, nftnl_table_free>>;
using ChainHandle = std::unique_ptr<nftnl_chain, Freer<nftnl_chain, nftnl_chain_free>>;
using RuleHandle = std::unique_ptr<nftnl_rule, Freer<nftnl_rule, nftnl_rule_free>>;
using SetHandle = std::unique_ptr<nftnl_set, Freer<nftnl_set, nftnl_set_free>>;

class Writer {
 public:
  Writer() { take(nftnl_batch_begin(room_.data(), ++sequence_)); }

  void add(std::uint16_t type, std::uint16_t flags, const std::function<void(nlmsghdr*)>& fill) {
    nlmsghdr* message = nftnl_nlmsg_build_hdr(room_.data(), type, NFPROTO_INET, flags, ++sequence_);
    fill(message);
    take(message);
    last_ = batch_.bytes.size() - message->nlmsg_len;
  }

  FilterBatch end() {
    // The kernel answers in order: who has the answer to the last one has them all.
    auto* message = reinterpret_cast<nlmsghdr*>(batch_.bytes.data() + last_);
    message->nlmsg_flags |= NLM_F_ACK;
    batch_.last = message->nlmsg_seq;
    take(nftnl_batch_end(room_.data(), ++sequence_));
    return std::move(batch_);
  }

 private:
  void take(const nlmsghdr* message) {
    const char* begin = reinterpret_cast<const char*>(message);
    batch_.bytes.insert(batch_.bytes.end(), begin, begin + NLMSG_ALIGN(message->nlmsg_len));
  }

  std::vector<char> room_ = std::vector<char>(1U << 17U);
  FilterBatch batch_;
  std::size_t last_ = 0;
  std::uint32_t sequence_ = 0;
};

void write_table(Writer& writer, const std::string& name, int type) {
  const TableHandle table(nftnl_table_alloc());
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, name.c_str());
  writer.add(static_cast<std::uint16_t>(type), type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0,
             [&](nlmsghdr* message) { nftnl_table_nlmsg_build_payload(message, table.get()); });
}

void write_set(Writer& writer, const std::string& table, const Family& family) {
  constexpr std::uint32_t type_bits = 6;
  constexpr std::uint32_t port_type = 13;
  const std::uint32_t half = family.address_type << type_bits | port_type;
  const SetHandle set(nftnl_set_alloc());
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.c_str());
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, family.set);
  nftnl_set_set_u32(set.get(), NFTNL_SET_ID, family.number);
  nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, NFT_SET_TIMEOUT);
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, half << 2 * type_bits | half);
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN,
                    2 * static_cast<std::uint32_t>(family.address_bytes + port_bytes));
  writer.add(NFT_MSG_NEWSET, NLM_F_CREATE,
             [&](nlmsghdr* message) { nftnl_set_nlmsg_build_payload(message, set.get()); });
}

void write_chain(Writer& writer, const std::string& table, const char* name, unsigned hook) {
  constexpr std::int32_t before_conntrack = -400;
  const ChainHandle chain(nftnl_chain_alloc());
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, table.c_str());
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, "filter");
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, hook);
  nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, before_conntrack);
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
  writer.add(NFT_MSG_NEWCHAIN, NLM_F_CREATE,
             [&](nlmsghdr* message) { nftnl_chain_nlmsg_build_payload(message, chain.get()); });
}

/// The expressions of a rule, in their order.
class Rule {
 public:
  Rule(const std::string& table, const char* chain) : rule_(nftnl_rule_alloc()) {
    nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, table.c_str());
    nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain);
  }
  void needs(std::uint32_t what, std::uint8_t value) {
    nftnl_expr* meta = add("meta");
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, what);
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, first_register);
    nftnl_expr* same = add("cmp");
    nftnl_expr_set_u32(same, NFTNL_EXPR_CMP_SREG, first_register);
    nftnl_expr_set_u32(same, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
    nftnl_expr_set(same, NFTNL_EXPR_CMP_DATA, &value, sizeof value);
  }
  /// Puts so many bytes of the packet behind what was put into the key before.
  void takes(std::uint32_t base, std::uint32_t at, std::uint32_t bytes) {
    nftnl_expr* payload = add("payload");
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, at);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, bytes);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, narrow_register + taken_);
    taken_ += (bytes + 3) / 4;
  }
  void drops_what_is_in(const Family& family) {
    nftnl_expr* lookup = add("lookup");
    nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, narrow_register);
    nftnl_expr_set_str(lookup, NFTNL_EXPR_LOOKUP_SET, family.set);
    nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SET_ID, family.number);
    nftnl_expr* verdict = add("immediate");
    nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_VERDICT, NF_DROP);
  }
  void write(Writer& writer) const {
    writer.add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
               [&](nlmsghdr* message) { nftnl_rule_nlmsg_build_payload(message, rule_.get()); });
  }

 private:
  nftnl_expr* add(const char* kind) {
    nftnl_expr* expression = nftnl_expr_alloc(kind);
    nftnl_rule_add_expr(rule_.get(), expression);
    return expression;
  }

  RuleHandle rule_;
  std::uint32_t taken_ = 0;  ///< narrow registers
};

/// `ours_at`, `theirs_at`: of the address in the IP header; the ports go with them.
void write_rule(Writer& writer, const std::string& table, const char* chain, const Family& family,
                bool incoming) {
  constexpr std::uint32_t source_port_at = 0;
  constexpr std::uint32_t destination_port_at = 2;
  Rule rule(table, chain);
  rule.needs(NFT_META_NFPROTO, family.protocol);
  rule.needs(NFT_META_L4PROTO, IPPROTO_TCP);
  for (const bool ours : {true, false}) {
    const bool destination = ours == incoming;
    rule.takes(NFT_PAYLOAD_NETWORK_HEADER, destination ? family.destination_at : family.source_at,
               family.address_bytes);
    rule.takes(NFT_PAYLOAD_TRANSPORT_HEADER, destination ? destination_port_at : source_port_at, 2);
  }
  rule.drops_what_is_in(family);
  rule.write(writer);
}

std::vector<char> key_of(const TcpFlow& flow, std::size_t address_bytes) {
  std::vector<char> key;
  const auto add = [&](const std::array<std::uint8_t, 16>& address, std::uint16_t port) {
    key.insert(key.end(), address.begin(),
               address.begin() + static_cast<std::ptrdiff_t>(address_bytes));
    const std::array<char, port_bytes> padded{static_cast<char>(port >> 8U),
                                              static_cast<char>(port & 0xffU)};
    key.insert(key.end(), padded.begin(), padded.end());
  };
  add(flow.local_address, flow.local_port);
  add(flow.remote_address, flow.remote_port);
  return key;
}

void write_flows(Writer& writer, const std::string& table, const Family& family,
                 std::span<const TcpFlow> flows, std::chrono::seconds time) {
  const SetHandle set(nftnl_set_alloc());
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.c_str());
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, family.set);
  nftnl_set_set_u32(set.get(), NFTNL_SET_ID, family.number);
  for (const TcpFlow& flow : flows) {
    const std::vector<char> key = key_of(flow, family.address_bytes);
    nftnl_set_elem* element = nftnl_set_elem_alloc();
    nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key.data(),
                       static_cast<std::uint32_t>(key.size()));
    nftnl_set_elem_set_u64(element, NFTNL_SET_ELEM_TIMEOUT,
                           static_cast<std::uint64_t>(std::chrono::milliseconds(time).count()));
    nftnl_set_elem_add(set.get(), element);
  }
  writer.add(NFT_MSG_NEWSETELEM, NLM_F_CREATE,
             [&](nlmsghdr* message) { nftnl_set_elems_nlmsg_build_payload(message, set.get()); });
}

}  // namespace

FilterBatch locking_batch(const std::string& table, std::span<const TcpFlow> flows,
                          std::chrono::seconds time) {
  Writer writer;
  write_table(writer, table, NFT_MSG_NEWTABLE);
  write_table(writer, table, NFT_MSG_DELTABLE);
  write_table(writer, table, NFT_MSG_NEWTABLE);
  for (const Family& family : families) {
    write_set(writer, table, family);
  }
  write_chain(writer, table, "in", NF_INET_PRE_ROUTING);
  write_chain(writer, table, "out", NF_INET_LOCAL_OUT);
  const std::set<TcpFlow> each(flows.begin(), flows.end());  // one named twice is an error
  for (const Family& family : families) {
    write_rule(writer, table, "in", family, true);
    write_rule(writer, table, "out", family, false);
    std::vector<TcpFlow> part;
    for (const TcpFlow& flow : each) {
      if (flow.family == family.number) {
        part.push_back(flow);
      }
      if (part.size() == flows_a_message) {
        write_flows(writer, table, family, std::exchange(part, {}), time);
      }
    }
    if (!part.empty()) {
      write_flows(writer, table, family, part, time);
    }
  }
  return writer.end();
}

FilterBatch lifting_batch(const std::string& table) {
  Writer writer;
  write_table(writer, table, NFT_MSG_NEWTABLE);
  write_table(writer, table, NFT_MSG_DELTABLE);
  return writer.end();
}

Result<void> send_batch(const FilterBatch& batch) {
  const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket) {
    return fail_errno("opening a socket to the kernel's packet filter");
  }
  const int room = static_cast<int>(batch.bytes.size()) * 2 + (1 << 16);
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  const timeval patience{10, 0};
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::send(socket.get(), batch.bytes.data(), batch.bytes.size(), 0) < 0) {
    return fail_errno("giving rules to the kernel's packet filter");
  }
  int first_error = 0;
  std::vector<char> answer(1U << 15U);
  for (;;) {
    const ssize_t got = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail_errno("waiting for the answer of the kernel's packet filter");
    }
    auto left = static_cast<unsigned>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(answer.data()); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type != NLMSG_ERROR) {
        continue;
      }
      nlmsgerr error{};
      std::memcpy(&error, message + 1, sizeof error);
      first_error = first_error == 0 ? -error.error : first_error;
      if (message->nlmsg_seq == batch.last || message->nlmsg_seq == 1) {
        return first_error == 0 ? Result<void>()
                                : fail(Error::from_errno(
                                      "the kernel's packet filter refuses the rules", first_error));
      }
    }
  }
}

}  // namespace issu::checkpoint
