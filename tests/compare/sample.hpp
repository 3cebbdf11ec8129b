#pragma once

#include "issu/compare/document.hpp"
#include "issu/compare/rows.hpp"

namespace issu::compare::testing {

/// A study of which one row was measured on both sides, one on one side, and the others were not
/// asked for.
inline Comparison sample() {
  Comparison study;
  study.started = "2026-01-31T12:00:00.000Z";
  study.seconds = 12;
  study.limit_minutes = 28;
  study.runs = 3;
  study.evidence = "/somewhere/evidence";
  study.device.cpu = "a processor";
  study.device.cpus = 2;
  study.device.memory_bytes = 8ULL << 30U;
  study.subject = {{"load", "some packets"}};
  for (const RowSpec& spec : row_specs()) {
    study.rows.push_back({spec.id, spec.title, spec.claim, spec.reference, {}, {}, 0, false});
  }
  Row& boot = study.rows[6];
  boot.asked = true;
  boot.seconds = 9.5;
  Figure answers{"until the daemons answer", "s", median({0.5, 0.4, 0.6}, "started", ""),
                 median({4.0, 5.0, 6.0}, "started", "")};
  answers.containers.evidence = answers.vms.evidence = "boot-time.json";
  answers.vms.accelerator = "tcg";
  boot.figures = {answers};
  boot.notes = {"a note"};
  Row& loss = study.rows[8];
  loss.asked = true;
  loss.figures = {{"packets lost", "packets", median({0}, "counted", ""),
                   not_measured("the disk | <is> not there")}};
  return study;
}

}  // namespace issu::compare::testing
