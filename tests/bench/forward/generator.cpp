#include "tests/bench/forward/generator.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "issu/base/clock.hpp"
#include "tests/backends/npu/soft/engine/frames.hpp"
#include "tests/bench/forward/generator.h"

namespace issu::bench {
namespace {

namespace soft = backends::soft;

int map_of(bpf_object* object, const char* name) {
  return ::bpf_map__fd(::bpf_object__find_map_by_name(object, name));
}

int program_of(bpf_object* object, const char* name) {
  return ::bpf_program__fd(::bpf_object__find_program_by_name(object, name));
}

}  // namespace

void Generator::Close::operator()(bpf_object* object) const {
  ::bpf_object__close(object);
}

Result<Generator> Generator::open(const soft::NetworkLab& network, std::uint32_t prefixes,
                                  int cpu) {
  Handle object(::bpf_object__open_file(ISSU_GENERATOR_OBJECT, nullptr));
  if (!object || ::bpf_object__load(object.get()) != 0) {
    return fail_errno("loading the generator");
  }
  int attached = 0;
  network.inside("h2", [&] {
    attached = ::bpf_xdp_attach(static_cast<int>(::if_nametoindex("e0")),
                                program_of(object.get(), "sink"), XDP_FLAGS_DRV_MODE, nullptr);
  });
  if (attached != 0) {
    errno = -attached;
    return fail_errno("attaching the sink");
  }
  return Generator(network, std::move(object), prefixes, cpu);
}

Generator::Received Generator::received() const {
  std::vector<generator_received> rows(static_cast<std::size_t>(::libbpf_num_possible_cpus()));
  const std::uint32_t zero = 0;
  ::bpf_map_lookup_elem(map_of(object_.get(), "received"), &zero, rows.data());
  Received all;
  for (const generator_received& row : rows) {
    all.frames += row.frames;
    all.last = std::max<std::uint64_t>(all.last, row.last);
  }
  return all;
}

Result<Generator::Sent> Generator::send(double seconds, double per_second) const {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu_), &set);
  ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
  const std::uint32_t zero = 0;
  generator_settings settings{};
  settings.ifindex = ::if_nametoindex("e0");
  settings.prefixes = prefixes_;
  settings.interval = per_second > 0 ? static_cast<std::uint64_t>(1e9 / per_second) : 0;
  settings.duration = static_cast<std::uint64_t>(seconds * 1e9);
  const auto own = network_.mac_of("h1", "e0");
  std::memcpy(&settings.to, soft::frames::port_mac.data(), soft::frames::port_mac.size());
  std::memcpy(&settings.from, own.data(), own.size());
  ::bpf_map_update_elem(map_of(object_.get(), "settings"), &zero, &settings, BPF_ANY);
  soft::frames::Bytes frame = soft::frames::udp({});
  frame.resize(60);
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
              .data_size_in = static_cast<std::uint32_t>(frame.size()),
              .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);
  // One call: to end one takes the kernel 20 ms. What is left of it at the end goes by in a moment.
  const double rate = per_second > 0 ? 1.1 * per_second : 4e6;
  options.repeat = static_cast<int>(rate * seconds);
  if (::bpf_prog_test_run_opts(program_of(object_.get(), "generate"), &options) != 0) {
    return fail_errno("sending live frames");
  }
  ::bpf_map_lookup_elem(map_of(object_.get(), "settings"), &zero, &settings);
  return Sent{settings.sent, settings.end};
}

Result<Run> Generator::run(double seconds, double per_second) {
  const std::uint64_t before = received().frames;
  Result<Sent> sent = Sent{};
  network_.inside("h1", [&] { sent = send(seconds, per_second); });
  if (!sent) {
    return fail(std::move(sent).error());
  }
  // What lies in rings when the sending ends is not to be lost.
  Received last = received();
  for (int still = 0; still < 3;) {
    sleep_for(std::chrono::milliseconds(10));
    const Received now = received();
    still = now.frames == last.frames ? still + 1 : 0;
    last = now;
  }
  Run run;
  run.sent = sent->frames;
  run.received = last.frames - before;
  run.seconds = seconds;
  run.late = last.last > sent->end ? static_cast<double>(last.last - sent->end) / 1e9 : 0;
  return run;
}

}  // namespace issu::bench
