// A running machine moves from one hypervisor to another. We are the one who speaks to both
// (libvirt's "managed direct" migration): when we are gone in the middle, each of them clears up.

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <optional>
#include <set>

#include "backends/vm/hypervisor_parts.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/reasons.hpp"

namespace issu::backends::vm {
namespace {

constexpr std::chrono::milliseconds look_interval{50};
/// For libvirt to end a move that was given up, and for a machine to be found again.
constexpr std::chrono::seconds settles_within{30};

/// libvirt's lists of typed values.
class Values {
 public:
  Values() = default;
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;
  ~Values() { libvirt().virTypedParamsFree(list, count); }

  void add(const char* name, const std::string& value) {
    libvirt().virTypedParamsAddString(&list, &count, &room_, name, value.c_str());
  }
  void add(const char* name, unsigned long long value) {
    libvirt().virTypedParamsAddULLong(&list, &count, &room_, name, value);
  }
  [[nodiscard]] std::uint64_t number(const char* name) const {
    unsigned long long value = 0;
    libvirt().virTypedParamsGetULLong(list, count, name, &value);
    return value;
  }

  virTypedParameterPtr list = nullptr;
  int count = 0;

 private:
  int room_ = 0;
};

/// The text between two pieces, from the first on.
std::string between(const std::string& text, const std::string& open, const std::string& close) {
  const std::size_t at = text.find(open);
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t begin = at + open.size();
  const std::size_t end = text.find(close, begin);
  return end == std::string::npos ? std::string() : text.substr(begin, end - begin);
}

/// What of a processor a guest can be given there: the model's name and its features.
std::set<std::string> processor_of(const std::string& capabilities) {
  const std::string mode = between(capabilities, "<mode name='host-model'", "</mode>");
  std::set<std::string> found;
  if (const std::string model = between(mode, "<model fallback='forbid'>", "</model>");
      !model.empty()) {
    found.insert("the model " + model);
  }
  const std::string mark = "<feature policy='require' name='";
  for (std::size_t at = 0; (at = mode.find(mark, at)) != std::string::npos;) {
    at += mark.size();
    found.insert(mode.substr(at, mode.find('\'', at) - at));
  }
  return found;
}

/// What QEMU can give a guest of this kind there; null with libvirt's reason.
TextHandle capabilities_of(virConnectPtr handle, const std::string& machine,
                           const std::string& kind) {
  return TextHandle(libvirt().virConnectGetDomainCapabilities(handle, nullptr, "x86_64",
                                                              machine.c_str(), kind.c_str(), 0));
}

/// Whether the host's processor runs the machine, and no program in its place.
bool has_hardware(virDomainPtr domain) {
  const TextHandle xml(libvirt().virDomainGetXMLDesc(domain, 0));
  return xml && between(xml.get(), "<domain type='", "'") != "qemu";
}

std::string host_of(virConnectPtr handle) {
  const TextHandle text(libvirt().virConnectGetCapabilities(handle));
  return text ? between(text.get(), "<uuid>", "</uuid>") : std::string();
}

/// What libvirt says of a move under way.
struct Progress {
  bool known = false;
  std::uint64_t iterations = 0;
  std::uint64_t left = 0;     ///< bytes
  std::uint64_t memory = 0;   ///< bytes
  std::uint64_t rate = 0;     ///< bytes a second
  std::uint64_t dirtied = 0;  ///< bytes a second
};

Progress progress_of(virDomainPtr domain) {
  Values stats;
  int type = VIR_DOMAIN_JOB_NONE;
  Progress progress;
  if (libvirt().virDomainGetJobStats(domain, &type, &stats.list, &stats.count, 0) != 0 ||
      type == VIR_DOMAIN_JOB_NONE) {
    return progress;
  }
  progress.known = true;
  progress.iterations = stats.number(VIR_DOMAIN_JOB_MEMORY_ITERATION);
  progress.left = stats.number(VIR_DOMAIN_JOB_MEMORY_REMAINING);
  progress.memory = stats.number(VIR_DOMAIN_JOB_MEMORY_TOTAL);
  progress.rate = stats.number(VIR_DOMAIN_JOB_MEMORY_BPS);
  progress.dirtied = stats.number(VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE) *
                     stats.number(VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE);
  return progress;
}

constexpr double mib = 1024.0 * 1024.0;

std::string how_far(const Progress& seen) {
  return fmt::format(
      "{} passes over its memory, {:.1f} of {:.0f} MiB still to go, {:.1f} MiB/s sent and {:.1f} "
      "MiB/s written by the guest",
      seen.iterations, static_cast<double>(seen.left) / mib, static_cast<double>(seen.memory) / mib,
      static_cast<double>(seen.rate) / mib, static_cast<double>(seen.dirtied) / mib);
}

const char* const converge_hint =
    "nothing was lost; try when the guest writes less, or with a larger downtime_ms or timeout_s "
    "([vm.migrate])";

/// Why a move has to be given up now, if it has to.
class Watch {
 public:
  Watch(const Move& how, virConnectPtr here, virConnectPtr there)
      : how_(how),
        here_(here),
        there_(there),
        end_(Deadline::in(
            std::chrono::milliseconds(static_cast<std::int64_t>(how.limits.timeout_s * 1000)))) {}

  std::optional<Error> reason(const Progress& seen) const {
    if (libvirt().virConnectIsAlive(there_) != 1) {
      return Error("the libvirt that takes it in is gone", "see its log; start it again");
    }
    if (libvirt().virConnectIsAlive(here_) != 1) {
      return Error("the libvirt that it runs at is gone", "see its log; start it again");
    }
    if (seen.iterations > how_.limits.iterations) {
      return Error(fmt::format("it does not converge within {} passes: {}", how_.limits.iterations,
                               how_far(seen)),
                   converge_hint, ErrorKind::timeout);
    }
    if (end_.passed()) {
      return Error(fmt::format("it takes longer than {} s: {}", how_.limits.timeout_s,
                               seen.known ? how_far(seen) : "nothing was sent yet"),
                   converge_hint, ErrorKind::timeout);
    }
    if (how_.give_up && how_.give_up()) {
      return Error("abort was asked for");
    }
    return std::nullopt;
  }

 private:
  const Move& how_;
  virConnectPtr here_, there_;
  Deadline end_;
};

}  // namespace

Result<std::string> Hypervisor::describe() const {
  unsigned long library = 0;
  unsigned long emulator = 0;
  if (libvirt().virConnectGetLibVersion(connection_->handle, &library) != 0 ||
      libvirt().virConnectGetVersion(connection_->handle, &emulator) != 0) {
    return fail_libvirt("the hypervisor " + connection_->uri + " does not answer");
  }
  const auto text = [](unsigned long version) {
    return fmt::format("{}.{}.{}", version / 1'000'000, version / 1000 % 1000, version % 1000);
  };
  return "libvirt " + text(library) + " with QEMU " + text(emulator) + " at " + connection_->uri;
}

Result<void> Hypervisor::check_move(const std::string& name, const Hypervisor& other) const {
  const virConnectPtr there = other.connection_->handle;
  if (other.connection_->place.uri.empty()) {
    // "Domain autodestroy not supported for embedded drivers yet": it can give, never take.
    return fail("libvirt's driver in our own process can't take a running machine in",
                "each slot needs a libvirt daemon of its own: [vm] uri and uri_b");
  }
  const std::string host = host_of(there);
  if (host.empty()) {
    return fail_libvirt("the hypervisor " + other.connection_->uri + " does not answer");
  }
  if (host == host_of(connection_->handle)) {
    return fail("both slots are at the same hypervisor (host UUID " + host + ")",
                "[vm] uri_b has to name a second libvirt daemon, with another host_uuid in its "
                "libvirtd.conf");
  }
  const auto domain = connection_->find(name);
  const TextHandle xml(
      domain ? libvirt().virDomainGetXMLDesc(domain.get(), VIR_DOMAIN_XML_MIGRATABLE) : nullptr);
  if (!xml) {
    return fail_libvirt("looking at the virtual machine " + name);
  }
  const std::string machine = between(xml.get(), "machine='", "'");
  const std::string kind = between(xml.get(), "<domain type='", "'");
  const TextHandle given = capabilities_of(connection_->handle, machine, kind);
  const TextHandle taken = capabilities_of(there, machine, kind);
  if (!taken) {
    return fail_libvirt(
        "the board " + machine + " of " + name + " is not known at " + other.connection_->uri,
        "a newer QEMU there, or an older board in [vm] machine");
  }
  std::string missing;
  const auto known = processor_of(taken.get());
  for (const std::string& each : given ? processor_of(given.get()) : std::set<std::string>()) {
    if (!known.contains(each)) {
      missing += (missing.empty() ? "" : ", ") + each;
    }
  }
  return missing.empty() ? Result<void>()
                         : fail("the processor that guests are given at " + other.connection_->uri +
                                    " lacks " + missing,
                                "the same machine, and a QEMU that is not older");
}

Result<void> Hypervisor::move(const std::string& name, Hypervisor& other, const Move& how) {
  const virConnectPtr here = connection_->handle;
  const virConnectPtr there = other.connection_->handle;
  const auto domain = connection_->find(name);
  const auto xml = [&](unsigned flags) {
    const TextHandle text(domain ? libvirt().virDomainGetXMLDesc(domain.get(), flags) : nullptr);
    return text ? moved_xml(text.get(), how.from, how.to) : std::string();
  };
  Values how_to;
  how_to.add(VIR_MIGRATE_PARAM_URI, "unix://" + how.stream.string());
  how_to.add(VIR_MIGRATE_PARAM_DEST_NAME, how.new_name);
  for (const char* each : {VIR_MIGRATE_PARAM_DEST_XML, VIR_MIGRATE_PARAM_PERSIST_XML}) {
    how_to.add(each, xml(VIR_DOMAIN_XML_MIGRATABLE | VIR_DOMAIN_XML_SECURE));
  }
  if (how.limits.bandwidth_mib_s != 0) {
    how_to.add(VIR_MIGRATE_PARAM_BANDWIDTH,
               static_cast<unsigned long long>(how.limits.bandwidth_mib_s));
  }
  if (!domain ||
      libvirt().virDomainMigrateSetMaxDowntime(domain.get(), how.limits.downtime_ms, 0) != 0) {
    return fail_libvirt("preparing to move " + name);
  }
  // "Unsafe" is for two machines that do not share a disk: here it is one file.
  unsigned flags = VIR_MIGRATE_UNSAFE | VIR_MIGRATE_PERSIST_DEST | VIR_MIGRATE_UNDEFINE_SOURCE;
  if (how.live_without_kvm || has_hardware(domain.get())) {
    flags |= VIR_MIGRATE_LIVE;
  }
  auto moving = std::async(std::launch::async, [&]() -> Result<void> {
    const DomainHandle moved(libvirt().virDomainMigrate3(
        domain.get(), there, how_to.list, static_cast<unsigned>(how_to.count), flags));
    return moved ? Result<void>()
                 : fail_libvirt("moving " + name + " to " + other.connection_->uri);
  });
  const Watch watch(how, here, there);
  std::optional<Error> given_up;
  Progress seen;
  while (moving.wait_for(look_interval) != std::future_status::ready) {
    if (const Progress now = progress_of(domain.get()); now.known) {
      seen = now;
    }
    if (!given_up) {
      given_up = watch.reason(seen);
    }
    if (given_up) {
      // Until it is heard: before the job has begun there is nothing to end.
      libvirt().virDomainAbortJob(domain.get());
    }
  }
  auto moved = moving.get();
  if (moved || !given_up) {
    return moved;
  }
  return pass(*std::move(given_up), "moving " + name + " to " + other.connection_->uri);
}

Result<bool> Hypervisor::settle(const std::string& name, Hypervisor& other,
                                const std::string& new_name) {
  const Deadline deadline = Deadline::in(settles_within);
  for (;;) {
    const auto here = power(name);
    const auto there = other.power(new_name);
    const bool runs_here = here && *here == Power::running;
    const bool runs_there = there && *there == Power::running;
    // There it runs only after all of it has come, and then it is there: whatever is left here
    // stands still for good.
    if (runs_there && !runs_here) {
      if (here) {
        ISSU_TRY(destroy(name), "clearing up after a move");
      }
      return true;
    }
    if (!here || (!there && !runs_here)) {
      return fail(!here ? here.error() : there.error());
    }
    const bool waits = there && *there == Power::paused;
    const auto domain = connection_->find(name);
    const bool busy = domain && progress_of(domain.get()).known;
    if (busy) {
      libvirt().virDomainAbortJob(domain.get());
    }
    if (!waits && !busy) {
      if (*here == Power::paused) {
        // A daemon that has come back resumes it by itself.
        if (auto on = resume(name); !on && power(name).value_or(Power::absent) != Power::running) {
          return pass(std::move(on).error(), "letting the machine go on where it was");
        }
        return false;
      }
      if (!runs_there) {
        return false;
      }
    }
    if (deadline.passed()) {
      if (busy) {
        return fail("libvirt does not end the move of " + name, "virsh domjobabort " + name);
      }
      // Nobody sends it anything any more.
      ISSU_TRY(other.destroy(new_name), "clearing up after a move");
    }
    sleep_for(look_interval);
  }
}

Result<std::optional<MoveCounts>> Hypervisor::counts(const std::string& name) const {
  const auto domain = connection_->find(name);
  if (!domain) {
    return fail_libvirt("looking for the virtual machine " + name);
  }
  Values stats;
  int type = VIR_DOMAIN_JOB_NONE;
  if (libvirt().virDomainGetJobStats(
          domain.get(), &type, &stats.list, &stats.count,
          VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED) != 0) {
    return fail_libvirt("asking how the move of " + name + " went");
  }
  if (type != VIR_DOMAIN_JOB_COMPLETED) {
    return std::optional<MoveCounts>();
  }
  MoveCounts counts;
  counts.total_ms = static_cast<double>(stats.number(VIR_DOMAIN_JOB_TIME_ELAPSED));
  counts.setup_ms = static_cast<double>(stats.number(VIR_DOMAIN_JOB_SETUP_TIME));
  // Of a machine that stood still all the time libvirt counts the last moment only.
  counts.downtime_ms = has_hardware(domain.get())
                           ? static_cast<double>(stats.number(VIR_DOMAIN_JOB_DOWNTIME))
                           : counts.total_ms - counts.setup_ms;
  counts.bytes = stats.number(VIR_DOMAIN_JOB_MEMORY_PROCESSED);
  counts.memory = stats.number(VIR_DOMAIN_JOB_MEMORY_TOTAL);
  counts.iterations = stats.number(VIR_DOMAIN_JOB_MEMORY_ITERATION);
  return std::optional(counts);
}

}  // namespace issu::backends::vm
