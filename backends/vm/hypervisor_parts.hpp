#pragma once

// For hypervisor.cpp, hypervisor_move.cpp and hypervisor_saved.cpp, which alone know libvirt.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "backends/vm/hypervisor.hpp"
#include "backends/vm/libvirt_late.hpp"
#include "issu/base/netns.hpp"

namespace issu::backends::vm {

struct FreeDomain {
  void operator()(virDomain* domain) const { libvirt().virDomainFree(domain); }
};
using DomainHandle = std::unique_ptr<virDomain, FreeDomain>;

struct FreeText {
  void operator()(char* text) const { ::free(text); }
};
/// What libvirt gives for the caller to free.
using TextHandle = std::unique_ptr<char, FreeText>;

/// What went wrong and libvirt's words for it: those of this thread's last call.
inline tl::unexpected<Error> fail_libvirt(const std::string& what, std::string hint = {}) {
  const char* said = libvirt().virGetLastErrorMessage();
  return fail(what + ": libvirt says: " + (said != nullptr ? said : "nothing"), std::move(hint));
}

/// libvirt has one event loop in a process; its driver's answers from QEMU come in through it, and
/// what its daemons send.
class EventLoop {
 public:
  /// The one that runs, or a new one.
  static std::shared_ptr<EventLoop> shared() {
    static std::mutex mutex;
    static std::weak_ptr<EventLoop> running;
    const std::scoped_lock lock(mutex);
    auto loop = running.lock();
    if (!loop) {
      loop = std::make_shared<EventLoop>();
      running = loop;
    }
    return loop;
  }

  EventLoop() {
    static std::once_flag once;
    std::call_once(once, [] { libvirt().virEventRegisterDefaultImpl(); });
    timer_ = libvirt().virEventAddTimeout(
        -1, [](int, void*) {}, nullptr, nullptr);
    thread_ = std::jthread([this] {
      while (!stop_) {
        libvirt().virEventRunDefaultImpl();
      }
    });
  }
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() {
    stop_ = true;
    libvirt().virEventUpdateTimeout(timer_, 0);  // wakes it up
    thread_.join();
    libvirt().virEventRemoveTimeout(timer_);
  }

 private:
  std::atomic<bool> stop_ = false;
  int timer_ = -1;
  std::jthread thread_;
};

struct Hypervisor::Connection {
  HypervisorPlace place;
  std::string uri;
  std::shared_ptr<EventLoop> loop = EventLoop::shared();
  virConnectPtr handle = nullptr;

  ~Connection() {
    if (handle != nullptr) {
      libvirt().virConnectClose(handle);
    }
  }
  [[nodiscard]] DomainHandle find(const std::string& name) const {
    return DomainHandle(libvirt().virDomainLookupByName(handle, name.c_str()));
  }
  /// A guest that ended by itself is off for a moment before libvirt has let go of it.
  [[nodiscard]] Result<void> end(const std::string& name) const {
    const auto domain = find(name);
    if (domain && libvirt().virDomainIsActive(domain.get()) == 1 &&
        libvirt().virDomainDestroy(domain.get()) != 0 &&
        libvirt().virDomainIsActive(domain.get()) == 1) {
      return fail_libvirt("the virtual machine " + name + " could not be ended");
    }
    return {};
  }
  /// What libvirt knows of a machine that is off, but for a state of it that was saved. Defined
  /// anew without that, it would be the same object: an error of the guest agent's connection that
  /// is told late, after the machine that it belonged to has ended, stays with the next one, whose
  /// agent is then refused ("not available due to an error", libvirt 9.0).
  [[nodiscard]] Result<void> forget_last_run(const std::string& name) const {
    const auto domain = find(name);
    if (domain && libvirt().virDomainHasManagedSaveImage(domain.get(), 0) == 0 &&
        libvirt().virDomainUndefine(domain.get()) != 0) {
      return fail_libvirt("the virtual machine " + name + " could not be forgotten");
    }
    return {};
  }
  Result<void> in_netns(const std::function<Result<void>()>& work) const {
    return place.netns.empty() ? work() : NetNs::inside(place.netns, work);
  }
};

}  // namespace issu::backends::vm
