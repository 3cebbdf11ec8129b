// The fastest sender that a kernel has: a program run over live frames (BPF_F_TEST_XDP_LIVE_FRAMES)
// that redirects each to an interface. And the sink that counts what was forwarded.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "backends/npu/soft/engine/wire.h"
#include "tests/bench/forward/generator.h"

const char generator_license[] SEC("license") = "Dual MIT/GPL";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, npu_u32);
  __type(value, struct generator_settings);
} settings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, npu_u32);
  __type(value, struct generator_received);
} received SEC(".maps");

SEC("xdp")
int generate(struct xdp_md* ctx) {
  const npu_u32 zero = 0;
  struct generator_settings* of = bpf_map_lookup_elem(&settings, &zero);
  npu_u8* frame = (npu_u8*)(long)ctx->data;
  const npu_u8* end = (const npu_u8*)(long)ctx->data_end;
  if (!of || of->prefixes == 0 || frame + NPU_ETHERNET + NPU_IP4_HEADER > end) {
    return XDP_ABORTED;
  }
  npu_u64 now = bpf_ktime_get_ns();
  if (of->sent == 0) {
    of->next = now;
    of->end = now + of->duration;
  }
  for (int n = 0; n < 2000 && now < of->next; ++n) {
    now = bpf_ktime_get_ns();
  }
  if (now >= of->end) {
    return XDP_DROP;
  }
  // Behind by more than it could be in a burst: not made up for.
  of->next = now > of->next + 1000000 ? now : of->next + of->interval;
  of->sent += 1;
  // Frames come back from the router and are sent again as it has left them.
  npu_readdress(frame, of->to, of->from);
  struct npu_ip4* ip = (struct npu_ip4*)(frame + NPU_ETHERNET);
  const npu_u32 drawn = bpf_get_prandom_u32();
  ip->destination = npu_be32((1U << 24) + ((drawn % of->prefixes) << 8) + (drawn >> 24));
  ip->ttl = 64;
  ip->checksum = 0;
  const npu_u64 sum = (npu_u64)ip->version_words + ((npu_u64)ip->tos << 8) + ip->length + ip->id +
                      ip->fragment + ip->ttl + ((npu_u64)ip->protocol << 8) + (npu_u64)ip->source +
                      ip->destination;
  ip->checksum = (npu_u16)~npu_fold(sum);
  return (int)bpf_redirect(of->ifindex, 0);
}

SEC("xdp")
int sink(struct xdp_md* ctx) {
  const npu_u32 zero = 0;
  const npu_u8* frame = (const npu_u8*)(long)ctx->data;
  const npu_u8* end = (const npu_u8*)(long)ctx->data_end;
  if (frame + NPU_ETHERNET + NPU_IP4_HEADER > end) {
    return XDP_PASS;
  }
  const struct npu_ethernet* ethernet = (const struct npu_ethernet*)frame;
  const struct npu_ip4* ip = (const struct npu_ip4*)(frame + NPU_ETHERNET);
  if (npu_be16(ethernet->type) != NPU_TYPE_IP4 || ip->ttl != 63) {
    return XDP_PASS;
  }
  struct generator_received* count = bpf_map_lookup_elem(&received, &zero);
  if (count) {
    count->frames += 1;
    count->last = bpf_ktime_get_coarse_ns();
  }
  return XDP_DROP;
}
