#include <algorithm>

#include "issu/compare/memory.hpp"
#include "issu/compare/rows.hpp"
#include "issu/doctor/examine.hpp"

namespace issu::compare {
namespace {

using nlohmann::ordered_json;

/// What was seen of one router of a shape that runs.
struct Seen {
  bool up = false;
  std::string why_not;
  std::string accelerator;
  std::optional<bool> host_device;  ///< no value: no QEMU runs for it
};

Seen look_at(Study& study, Shape shape) {
  Seen seen;
  auto up = study.start(shape, shape == Shape::container ? "frr-bookworm" : "frr-vm-bookworm");
  if (!up) {
    seen.why_not = up.error().what();
    return seen;
  }
  seen.up = true;
  seen.accelerator = accelerator_of(resident_name(up->name));
  seen.host_device = has_host_device(resident_name(up->name));
  if (auto gone = study.end(*up); !gone) {
    study.say(gone.error().message());
  }
  return seen;
}

Side needed(const Seen& seen, Shape shape, doctor::Present present, bool ports) {
  if (!seen.up) {
    return not_measured("no router came up: " + seen.why_not);
  }
  const std::string kind = shape == Shape::container ? "a container" : "a virtual machine";
  if (present == doctor::Present::yes) {
    return not_measured("this machine has it: that " + kind + " runs without it was not seen");
  }
  if (shape == Shape::container) {
    return said("no: a container came up without it", "started FRR in a container");
  }
  return said(ports ? "no, with ports that are taps: a machine came up without it"
                    : "no: a machine came up without it",
              "started FRR in a virtual machine");
}

Side used(const Seen& seen, Shape shape, bool ports) {
  if (!seen.up) {
    return not_measured("no router came up: " + seen.why_not);
  }
  if (shape == Shape::container) {
    return seen.host_device
               ? said("yes: a QEMU runs in its name", "looked for a QEMU that belongs to it")
               : said("no: no QEMU belongs to it", "looked for a QEMU that belongs to it");
  }
  const std::string how = "read the command line of the QEMU that ran";
  if (ports) {
    return seen.host_device ? said(*seen.host_device ? "yes: a device of the host's (VFIO)"
                                                     : "no: no device of the host's (VFIO)",
                                   how)
                            : not_measured("QEMU's command line was not found");
  }
  if (seen.accelerator.empty()) {
    return not_measured("QEMU's command line names no accelerator");
  }
  return said(seen.accelerator == "kvm" ? "yes: the accelerator is kvm"
                                        : "no: the accelerator is " + seen.accelerator,
              how);
}

}  // namespace

void measure_virtualization(Study& study, Row& row) {
  // Before anything else of the study: it wants a process with one thread.
  const auto capabilities = doctor::examine();
  ordered_json kept = ordered_json::array();
  Seen seen[2];
  for (const Shape shape : {Shape::container, Shape::machine}) {
    if (study.wants(shape)) {
      seen[shape == Shape::machine] = look_at(study, shape);
    }
  }
  for (const auto& [id, name, ports] : {std::tuple("cpu.virtualization", "VT-x or AMD-V", false),
                                        std::tuple("iommu", "VT-d", true)}) {
    const auto found = std::find_if(capabilities.begin(), capabilities.end(),
                                    [wanted = id](const auto& one) { return one.id == wanted; });
    if (found == capabilities.end()) {
      continue;
    }
    kept.push_back({{"id", found->id},
                    {"present", doctor::name_of(found->present)},
                    {"detail", found->detail}});
    Figure present{std::string(name) + " present", "", {}, {}};
    Figure need{std::string(name) + " needed", "", {}, {}};
    Figure use{std::string(name) + " used", "", {}, {}};
    for (const Shape shape : {Shape::container, Shape::machine}) {
      const Seen& one = seen[shape == Shape::machine];
      const bool wanted = study.wants(shape);
      present.side(shape) =
          wanted ? said(std::string(doctor::name_of(found->present)) + ": " + found->detail,
                        "what `issu doctor` sees of the machine")
                 : Study::not_wanted();
      need.side(shape) = wanted ? needed(one, shape, found->present, ports) : Study::not_wanted();
      use.side(shape) = wanted ? used(one, shape, ports) : Study::not_wanted();
      for (Figure* figure : {&need, &use}) {
        figure->side(shape).accelerator = one.accelerator;
      }
    }
    for (Figure* figure : {&present, &need, &use}) {
      row.figures.push_back(std::move(*figure));
    }
  }
  const std::string evidence = study.keep("virtualization.json", kept);
  for (Figure& figure : row.figures) {
    for (Side* side : {&figure.containers, &figure.vms}) {
      side->evidence = side->measured() ? evidence : "";
    }
  }
}

}  // namespace issu::compare
