// The state of a machine as a file, and a machine out of it.

#include <fmt/format.h>

#include "backends/vm/hypervisor_parts.hpp"

namespace issu::backends::vm {

Result<void> Hypervisor::save_to(const std::string& name, const std::filesystem::path& file) {
  const auto domain = connection_->find(name);
  if (!domain || libvirt().virDomainSaveFlags(domain.get(), file.c_str(), nullptr, 0) != 0) {
    return fail_libvirt("the virtual machine " + name + " could not be saved to " + file.string());
  }
  // It is defined still, and would start from nothing.
  return destroy(name);
}

Result<void> Hypervisor::copy_to(const std::string& name, const std::filesystem::path& file) {
  const auto domain = connection_->find(name);
  const std::string xml = fmt::format(
      "<domainsnapshot><memory snapshot='external' file='{}'/><disks><disk name='vda' "
      "snapshot='no'/><disk name='vdb' snapshot='no'/></disks></domainsnapshot>",
      escaped(file.string()));
  const auto taken =
      domain ? libvirt().virDomainSnapshotCreateXML(
                   domain.get(), xml.c_str(),
                   VIR_DOMAIN_SNAPSHOT_CREATE_LIVE | VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA)
             : nullptr;
  if (taken == nullptr) {
    return fail_libvirt("the state of the virtual machine " + name + " could not be copied to " +
                        file.string());
  }
  libvirt().virDomainSnapshotFree(taken);
  return {};
}

Result<void> Hypervisor::restore_from(const std::filesystem::path& file, const HostEnds& from,
                                      const HostEnds& to, bool plugged) {
  const TextHandle saved(libvirt().virDomainSaveImageGetXMLDesc(connection_->handle, file.c_str(),
                                                                VIR_DOMAIN_SAVE_IMAGE_XML_SECURE));
  if (!saved) {
    return fail_libvirt("reading the saved state " + file.string());
  }
  const std::string xml = plugged_xml(moved_xml(saved.get(), from, to), plugged);
  return connection_->in_netns([&]() -> Result<void> {
    return libvirt().virDomainRestoreFlags(connection_->handle, file.c_str(), xml.c_str(),
                                           VIR_DOMAIN_SAVE_RUNNING) == 0
               ? Result<void>()
               : fail_libvirt("the virtual machine could not be restored from " + file.string(),
                              "more in " + (connection_->place.root / "log" / "qemu").string());
  });
}

}  // namespace issu::backends::vm
