#pragma once

#include <memory>
#include <optional>

#include "backends/npu/soft/engine/xdp_tables.hpp"
#include "backends/npu/soft/npud_files.hpp"
#include "backends/npu/soft/settings.hpp"
#include "state-sync/tables/tables.hpp"

namespace issu::backends::soft {

/// The tables of a router where its engine has them: in a file, or in BPF arrays.
class TableStore {
 public:
  /// Opens them, or makes them where there are none, or none that can be read (the log says why).
  static Result<std::unique_ptr<TableStore>> open(const Settings& settings, const NpudFiles& files);

  [[nodiscard]] const tables::Segment& segment() const {
    return arrays_ ? arrays_->segment() : *file_;
  }
  /// With the engine "xdp", else nullptr.
  [[nodiscard]] const XdpTables* arrays() const { return arrays_ ? &*arrays_ : nullptr; }
  /// Whether they were there.
  [[nodiscard]] bool found() const { return found_; }

 private:
  std::optional<tables::Segment> file_;
  std::optional<XdpTables> arrays_;
  bool found_ = false;
};

}  // namespace issu::backends::soft
