// The xdp engine's data plane: decide.h over tables in mmapable arrays. Everything that it needs is
// pinned, so it goes on when nobody is there any more.
//
// On a port: XDP forwards; what is for the route processor, and what has to leave by a port that
// takes no XDP frames, passes on to the traffic control hook behind it, which redirects it as a
// socket buffer (that keeps checksums which its sender left to the hardware). A packet socket of
// npud sits between the two and so sees what passes: neighbours to be learned and to be asked for.
// On a punt interface: frames of the route processor leave by the port.
//
// The object is Dual MIT/GPL for the kernel, which asks it of programs that use its helpers.

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "backends/npu/soft/engine/bpf/maps.h"

#include "backends/npu/soft/engine/answer.h"
#include "backends/npu/soft/engine/decide.h"

const char npu_license[] SEC("license") = "Dual MIT/GPL";

#define SECOND 1000000000ULL

static __always_inline struct npu_pair* counters_of(npu_u32 port, npu_u32 counter) {
  npu_u32 row = bpf_get_smp_processor_id();
  row = row < npu_settings.counter_rows ? row : npu_settings.counter_rows - 1;
  const npu_u32 index = row * npu_settings.row_words + port * NPU_PORT_COUNTERS + counter;
  const npu_u32 pair = index >> 1;
  return bpf_map_lookup_elem(&npu_counters, &pair);
}

/// One of the counters that stand alone.
static __always_inline void count(npu_u32 port, npu_u32 counter) {
  struct npu_pair* pair = counters_of(port, counter);
  if (pair) {
    if (counter & 1) {
      pair->second += 1;
    } else {
      pair->first += 1;
    }
  }
}

/// One of the pairs packets and bytes.
static __always_inline void count_bytes(npu_u32 port, npu_u32 counter, npu_u32 bytes) {
  struct npu_pair* pair = counters_of(port, counter);
  if (pair) {
    pair->first += 1;
    pair->second += bytes;
  }
}

static __always_inline void count_nexthop(npu_u32 nexthop, npu_u32 bytes) {
  const npu_u32 index = npu_settings.ports * NPU_PORT_COUNTERS + nexthop * NPU_NEXTHOP_COUNTERS;
  struct npu_pair* pair = counters_of(0, index);
  if (pair) {
    pair->first += 1;
    pair->second += bytes;
  }
}

static __always_inline void note_sent(const struct npu_verdict* verdict, npu_u32 bytes) {
  count_bytes(verdict->port, NPU_TX_PACKETS, bytes);
  count_nexthop(verdict->nexthop, bytes);
  const npu_u64 now = bpf_ktime_get_coarse_ns();
  if (verdict->neighbour && now - verdict->neighbour->used > SECOND) {
    verdict->neighbour->used = now;
  }
}

/// `instead`: what counts it, passed or not; 0: it is counted as policed when it does not pass.
static __always_inline int may_pass(npu_u32 port, npu_u32 police_class, npu_u32 instead) {
  const npu_u32 index = port * NPU_CLASSES + (police_class & (NPU_CLASSES - 1));
  npu_u64* bucket = bpf_map_lookup_elem(&npu_buckets_punt, &index);
  const struct npu_police police = npu_settings.polices[police_class & (NPU_CLASSES - 1)];
  const int passes = bucket && npu_police_pass(bucket, &police, bpf_ktime_get_ns());
  if (instead || !passes) {
    count(port, instead ? instead : NPU_DROP_POLICED);
  }
  return passes;
}

SEC("xdp")
int npu_xdp(struct xdp_md* ctx) {
  npu_u8* frame = (npu_u8*)(long)ctx->data;
  const npu_u8* end = (const npu_u8*)(long)ctx->data_end;
  const npu_u32 length = (npu_u32)(end - frame);
  npu_u32 ifindex = ctx->ingress_ifindex;
  const struct npu_interface* interface = bpf_map_lookup_elem(&npu_interfaces, &ifindex);
  if (!interface) {
    return XDP_PASS;
  }
  const npu_u32 index = interface->port;
  const struct npu_port* port = npu_port_at(0, index);
  if (!port) {
    return XDP_PASS;
  }
  count_bytes(index, NPU_RX_PACKETS, length);
  struct npu_verdict verdict;
  npu_decide(0, port, frame, end, length, &verdict);
  if (verdict.action == NPU_FORWARD) {
    // The entry of a port that takes no XDP frames is empty: the traffic control hook sends it.
    const long redirected = bpf_redirect_map(&npu_tx_ports, verdict.port, XDP_PASS);
    if (redirected != XDP_REDIRECT) {
      return XDP_PASS;
    }
    if (!npu_rewrite(frame, end, &verdict)) {
      return XDP_DROP;
    }
    note_sent(&verdict, length);
    return XDP_REDIRECT;
  }
  if (verdict.action == NPU_PUNT) {
    return may_pass(index, verdict.counter, verdict.lost) ? XDP_PASS : XDP_DROP;
  }
  if (verdict.asks) {
    return may_pass(index, NPU_CLASS_NEIGHBOUR, 0) ? XDP_PASS : XDP_DROP;
  }
  count(index, verdict.counter);
  return XDP_DROP;
}

/// Makes the headers readable. What can't be read is judged malformed.
static __always_inline void pull(struct __sk_buff* skb) {
  const npu_u32 headers = 96;
  if (skb->data_end - skb->data < headers && skb->data_end - skb->data < skb->len) {
    bpf_skb_pull_data(skb, skb->len < headers ? skb->len : headers);
  }
}

static __always_inline int punt(struct __sk_buff* skb, npu_u32 index,
                                const struct npu_interface* interface,
                                const struct npu_header* header) {
  const npu_u32 out = interface->punt_ifindex[header->punt_slot & 1];
  if (out == 0) {
    count(index, NPU_DROP_PUNT);
    return TC_ACT_SHOT;
  }
  count_bytes(index, NPU_PUNT_PACKETS, skb->len);
  return (int)bpf_redirect(out, 0);
}

SEC("tc")
int npu_port_ingress(struct __sk_buff* skb) {
  npu_u32 ifindex = skb->ifindex;
  const npu_u32 zero = 0;
  const struct npu_interface* interface = bpf_map_lookup_elem(&npu_interfaces, &ifindex);
  const struct npu_header* header = bpf_map_lookup_elem(&npu_header, &zero);
  if (!interface || !header) {
    return TC_ACT_SHOT;
  }
  const npu_u32 index = interface->port;
  const struct npu_port* port = npu_port_at(0, index);
  if (!port) {
    return TC_ACT_SHOT;
  }
  pull(skb);
  npu_u8* frame = (npu_u8*)(long)skb->data;
  const npu_u8* end = (const npu_u8*)(long)skb->data_end;
  struct npu_verdict verdict;
  npu_decide(0, port, frame, end, skb->len, &verdict);
  if (verdict.action == NPU_DROP) {
    count(index, verdict.counter);
    return TC_ACT_SHOT;
  }
  if (verdict.action == NPU_PUNT) {
    if (header->dark && npu_answer(0, header->options, port->mac, frame, end)) {
      count(index, NPU_ANSWERED);
      return (int)bpf_redirect(ifindex, 0);
    }
    return punt(skb, index, interface, header);
  }
  const struct npu_port* out = npu_port_at(0, verdict.port);
  if (!out || !npu_rewrite(frame, end, &verdict)) {
    return TC_ACT_SHOT;
  }
  note_sent(&verdict, skb->len);
  return (int)bpf_redirect(out->ifindex, 0);
}

SEC("tc")
int npu_punt_ingress(struct __sk_buff* skb) {
  npu_u32 ifindex = skb->ifindex;
  const npu_u32 zero = 0;
  const struct npu_interface* interface = bpf_map_lookup_elem(&npu_interfaces, &ifindex);
  const struct npu_header* header = bpf_map_lookup_elem(&npu_header, &zero);
  if (!interface || !header) {
    return TC_ACT_SHOT;
  }
  // A slot that is not punted to may not speak either.
  if ((interface->slots & (1U << (header->punt_slot & 1))) == 0) {
    return TC_ACT_SHOT;
  }
  const struct npu_port* port = npu_port_at(0, interface->port);
  if (!port || (port->flags & NPU_PORT_PRESENT) == 0) {
    return TC_ACT_SHOT;
  }
  count_bytes(interface->port, NPU_INJECT_PACKETS, skb->len);
  return (int)bpf_redirect(port->ifindex, 0);
}
