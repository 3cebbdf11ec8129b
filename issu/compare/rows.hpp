#pragma once

#include <string>
#include <vector>

#include "issu/compare/study.hpp"

namespace issu::compare {

/// A row as it is before it is measured.
struct RowSpec {
  const char* id;
  const char* title;
  const char* claim;      ///< what was published, in our words
  const char* reference;  ///< by whom
  unsigned order;         ///< in which rows are measured: what is quick first
  unsigned weight;        ///< share of the time
  void (*measure)(Study&, Row&);
};

/// The images that stand for the same in a container and in a virtual machine.
struct ImagePair {
  const char* name;
  const char* container;
  const char* machine;
};

/// All of them, in the order in which they are shown.
[[nodiscard]] const std::vector<RowSpec>& row_specs();

// One function a row; each fills in the figures and never leaves one without a reason.
void measure_virtualization(Study& study, Row& row);
void measure_systems(Study& study, Row& row);
void measure_instances(Study& study, Row& row);
void measure_kernel_upgrade(Study& study, Row& row);
void measure_image_size(Study& study, Row& row);
void measure_memory(Study& study, Row& row);
void measure_boot_time(Study& study, Row& row);
void measure_image_upgrade(Study& study, Row& row);
void measure_data_plane_loss(Study& study, Row& row);

}  // namespace issu::compare
