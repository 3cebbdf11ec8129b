#include "issu/compare/rows.hpp"

namespace issu::compare {

const std::vector<RowSpec>& row_specs() {
  static const std::vector<RowSpec> specs{
      {"virtualization", "VT-x and VT-d",
       "A hypervisor needs a processor with VT-x or AMD-V, and VT-d to hand a network card to a "
       "machine; a container needs neither.",
       "documentation of KVM and of VFIO in the Linux kernel", 0, 40, measure_virtualization},
      {"systems", "Network operating systems that can run",
       "A virtual machine runs any vendor's image with the kernel in it; a container runs only "
       "what was built for the kernel that it shares with its host.",
       "Natarajan et al., An Analysis of Lightweight Virtualization Technologies for NFV, Internet "
       "Draft of the IRTF's NFVRG, 2016",
       3, 150, measure_systems},
      {"instances", "Instances that fit",
       "Many more containers than virtual machines with a whole system in them fit on one "
       "machine, because each machine holds memory of its own for a kernel and what belongs to it.",
       "Manco et al., My VM is Lighter (and Safer) than your Container, SOSP 2017", 8, 280,
       measure_instances},
      {"kernel-upgrade", "Kernel upgrade",
       "A kernel under running programs can be replaced within seconds when their state is saved "
       "and restored (3 s with 32 GB of it); a machine with two virtual machines boots the new "
       "kernel beside the old one and switches over in a short dark window.",
       "Kashyap et al., Instant OS Updates via Userspace Checkpoint-and-Restart, USENIX ATC 2016; "
       "vendors' documentation of upgrades with two routing engines on KVM",
       6, 500, measure_kernel_upgrade},
      {"image-size", "Image size",
       "A container's image holds the routing software without a kernel and is smaller than a "
       "virtual machine's disk.",
       "Natarajan et al., An Analysis of Lightweight Virtualization Technologies for NFV, 2016", 1,
       10, measure_image_size},
      {"memory", "Memory used",
       "A container's memory is that of its processes; a virtual machine adds a kernel, its caches "
       "and the emulator.",
       "Manco et al., SOSP 2017; Natarajan et al., 2016", 4, 150, measure_memory},
      {"boot-time", "Boot time",
       "A container is up in a fraction of a second, because no kernel boots; a virtual machine "
       "with a whole system in it takes seconds.",
       "Manco et al., SOSP 2017; Natarajan et al., 2016", 2, 90, measure_boot_time},
      {"image-upgrade", "Image upgrade",
       "A second supervisor in a container takes over within 6 s of control plane and without "
       "loss; with two virtual machines there is a dark window.",
       "vendors' documentation of container-based and of KVM-based in-service upgrades", 5, 320,
       measure_image_upgrade},
      {"data-plane-loss", "Data-plane loss",
       "Forwarding goes on while the control plane is replaced: no packet is lost, in whichever of "
       "the two the software runs.",
       "vendors' documentation of in-service upgrades; RFC 7654 for how loss is counted", 7, 140,
       measure_data_plane_loss},
  };
  return specs;
}

}  // namespace issu::compare
