#include "backends/vm/hypervisor.hpp"

#include <cstdlib>
#include <mutex>

#include "backends/vm/hypervisor_parts.hpp"
#include "issu/base/clock.hpp"
#include "issu/base/file.hpp"

namespace issu::backends::vm {
namespace {

constexpr std::size_t longest_root = 40;
constexpr std::chrono::seconds ends_within{10};
constexpr std::chrono::seconds free_within{15};
/// libvirt's own file of settings: QEMU as this user, with nothing around it that a machine
/// without systemd does not have. `remember_owner` would write extended attributes.
constexpr const char* driver_settings =
    "user = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\nremember_owner = 0\n"
    "security_driver = \"none\"\nnamespaces = []\ncgroup_controllers = []\n"
    "stdio_handler = \"file\"\n";
/// A daemon that says nothing for this long is taken for gone.
constexpr int keepalive_s = 5;
constexpr unsigned keepalive_count = 3;

std::filesystem::path driver_pid(const HypervisorPlace& place) {
  return place.root / "run" / "qemu" / "driver.pid";
}

/// Whether opening it failed because another process has it open.
bool is_taken() {
  const char* said = libvirt().virGetLastErrorMessage();
  return said != nullptr && std::string_view(said).find("driver.pid") != std::string_view::npos;
}

}  // namespace

Hypervisor::Hypervisor(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
Hypervisor::Hypervisor(Hypervisor&&) noexcept = default;
Hypervisor& Hypervisor::operator=(Hypervisor&&) noexcept = default;
Hypervisor::~Hypervisor() = default;

Result<Hypervisor> Hypervisor::open(const HypervisorPlace& place) {
  // libvirt's driver is the process's own, and so is what keeps it open. It is never closed: its
  // threads end with the process, in no order with what is static elsewhere.
  static std::mutex mutex;
  static auto* const kept = new std::shared_ptr<Connection>;
  const std::scoped_lock lock(mutex);
  if (place.uri.empty() && *kept && (*kept)->place.root == place.root &&
      (*kept)->place.netns == place.netns) {
    return Hypervisor(*kept);
  }
  auto connection = connect(place);
  if (!connection) {
    return fail(std::move(connection).error());
  }
  if (place.uri.empty()) {
    *kept = *connection;
  }
  return Hypervisor(std::move(*connection));
}

Result<std::shared_ptr<Hypervisor::Connection>> Hypervisor::connect(const HypervisorPlace& place) {
  ISSU_TRY(load_libvirt(), "opening the hypervisor");
  std::string uri = place.uri;
  if (uri.empty()) {
    if (!place.root.is_absolute() || place.root.string().size() > longest_root) {
      return fail("the hypervisor's folder " + place.root.string() +
                      " is not an absolute path of " + std::to_string(longest_root) +
                      " characters at most",
                  "choose a shorter run_dir");
    }
    ISSU_TRY(make_dirs(place.root / "etc", 0700), "preparing libvirt");
    ISSU_TRY(write_file_atomic(place.root / "etc" / "qemu.conf", driver_settings, 0600),
             "preparing libvirt");
    uri = "qemu:///embed?root=" + place.root.string();
    // Its driver writes to standard error otherwise. Read once, when libvirt is first used.
    const std::string log = "2:file:" + (place.root / "libvirt.log").string();
    ::setenv("LIBVIRT_LOG_OUTPUTS", log.c_str(), 0);
  }
  libvirt().virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
  auto connection = std::make_shared<Connection>();
  connection->place = place;
  connection->uri = uri;
  // The driver's threads, and QEMU after them, inherit the namespace of whom they were made by.
  ISSU_TRY(connection->in_netns([&]() -> Result<void> {
    // Its own driver is one process's at a time: a look at the router beside another one waits.
    const Deadline deadline = Deadline::in(free_within);
    while ((connection->handle = libvirt().virConnectOpen(uri.c_str())) == nullptr) {
      const bool taken = place.uri.empty() && is_taken();
      if (!taken || deadline.passed()) {
        return fail_libvirt("the hypervisor " + uri + " can't be reached",
                            taken ? "another process (process id in " + driver_pid(place).string() +
                                        ") has it open; an upgrade does until it is over"
                                  : "issu doctor says what is missing");
      }
      sleep_for(std::chrono::milliseconds(50));
    }
    return {};
  }),
           "opening the hypervisor");
  if (!place.uri.empty()) {
    // Refused by what is no daemon: that can't hang behind our back.
    libvirt().virConnectSetKeepAlive(connection->handle, keepalive_s, keepalive_count);
  }
  return connection;
}

bool Hypervisor::alive() const {
  return libvirt().virConnectIsAlive(connection_->handle) == 1;
}

Result<Power> Hypervisor::power(const std::string& name) const {
  const auto domain = connection_->find(name);
  if (!domain) {
    const virError* error = libvirt().virGetLastError();
    if (error != nullptr && error->code == VIR_ERR_NO_DOMAIN) {
      return Power::absent;
    }
    return fail_libvirt("looking for the virtual machine " + name);
  }
  int state = 0;
  if (libvirt().virDomainGetState(domain.get(), &state, nullptr, 0) != 0) {
    return fail_libvirt("asking for the state of " + name);
  }
  switch (state) {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
      return Power::running;
    case VIR_DOMAIN_PAUSED:
    case VIR_DOMAIN_PMSUSPENDED:
      return Power::paused;
    default:
      return Power::off;
  }
}

Result<void> Hypervisor::start(const Domain& domain) {
  auto now = power(domain.name);
  if (!now) {
    return fail(std::move(now).error());
  }
  if (*now == Power::running || *now == Power::paused) {
    return {};
  }
  ISSU_TRY(connection_->end(domain.name), "what is left of it");
  ISSU_TRY(connection_->forget_last_run(domain.name), "what is left of it");
  const DomainHandle defined(
      libvirt().virDomainDefineXML(connection_->handle, domain_xml(domain).c_str()));
  if (!defined) {
    return fail_libvirt("the virtual machine " + domain.name + " could not be defined");
  }
  return connection_->in_netns([&]() -> Result<void> {
    if (libvirt().virDomainCreate(defined.get()) != 0) {
      return fail_libvirt("the virtual machine " + domain.name + " could not be started",
                          "more in " + (connection_->place.root / "log" / "qemu").string());
    }
    return {};
  });
}

Result<void> Hypervisor::pause(const std::string& name) {
  const auto domain = connection_->find(name);
  if (!domain || libvirt().virDomainSuspend(domain.get()) != 0) {
    return fail_libvirt("the virtual machine " + name + " could not be paused");
  }
  return {};
}

Result<void> Hypervisor::resume(const std::string& name) {
  const auto domain = connection_->find(name);
  if (!domain || libvirt().virDomainResume(domain.get()) != 0) {
    return fail_libvirt("the virtual machine " + name + " could not be resumed");
  }
  return {};
}

Result<void> Hypervisor::plug(const std::string& name, const std::vector<GuestLink>& links) {
  const auto domain = connection_->find(name);
  for (const GuestLink& link : links) {
    if (!domain || libvirt().virDomainUpdateDeviceFlags(domain.get(), link_xml(link).c_str(),
                                                        VIR_DOMAIN_AFFECT_LIVE) != 0) {
      return fail_libvirt("the link " + link.tap + " of " + name + " could not be plugged " +
                          (link.plugged ? "in" : "out"));
    }
  }
  return {};
}

Result<bool> Hypervisor::plugged(const std::string& name) const {
  const auto domain = connection_->find(name);
  const TextHandle xml(domain ? libvirt().virDomainGetXMLDesc(domain.get(), 0) : nullptr);
  if (!xml) {
    return fail_libvirt("looking at the links of " + name);
  }
  return std::string_view(xml.get()).find("<link state='down'/>") == std::string_view::npos;
}

Result<void> Hypervisor::destroy(const std::string& name) {
  // One that ends by itself at this moment is not there to be ended.
  const Deadline deadline = Deadline::in(ends_within);
  for (;;) {
    auto now = power(name);
    if (!now) {
      return fail(std::move(now).error());
    }
    if (*now == Power::absent) {
      return {};
    }
    const auto domain = connection_->find(name);
    if (*now == Power::off && domain &&
        libvirt().virDomainUndefineFlags(domain.get(), VIR_DOMAIN_UNDEFINE_MANAGED_SAVE) == 0) {
      return {};
    }
    const bool ended =
        *now != Power::off && domain && libvirt().virDomainDestroy(domain.get()) == 0;
    if (!ended && deadline.passed()) {
      return fail_libvirt("the virtual machine " + name + " could not be ended and forgotten");
    }
    if (!ended) {
      sleep_for(std::chrono::milliseconds(50));
    }
  }
}

Result<void> Hypervisor::save(const std::string& name) {
  const auto domain = connection_->find(name);
  if (!domain || libvirt().virDomainManagedSave(domain.get(), 0) != 0) {
    return fail_libvirt("the virtual machine " + name + " could not be saved");
  }
  return {};
}

Result<std::string> Hypervisor::ask_agent(const std::string& name, const std::string& command,
                                          std::chrono::seconds timeout) {
  const auto domain = connection_->find(name);
  if (!domain) {
    return fail_libvirt("looking for the virtual machine " + name);
  }
  const Deadline deadline = Deadline::in(timeout);
  for (;;) {
    const TextHandle answer(libvirt().virDomainQemuAgentCommand(
        domain.get(), command.c_str(), static_cast<int>(timeout.count()), 0));
    if (answer) {
      return std::string(answer.get());
    }
    // Not connected yet: QEMU tells so a moment after the connection was opened, or once it boots.
    const virError* error = libvirt().virGetLastError();
    const bool early = error != nullptr && error->code == VIR_ERR_AGENT_UNRESPONSIVE;
    if (!early || deadline.passed()) {
      return fail_libvirt("the guest agent of " + name + " does not answer",
                          "see the guest's serial log");
    }
    sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace issu::backends::vm
