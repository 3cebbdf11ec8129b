#include "backends/npu/soft/table_store.hpp"

#include <algorithm>
#include <cstdio>

namespace issu::backends::soft {
namespace {

tables::Capacities capacities_of(const Settings& settings) {
  tables::Capacities capacities;
  // Slots are used up to seven eighths.
  capacities.routes = std::max(settings.npu.routes / 7 * 8 + 8, 1U << 16U);
  return capacities;
}

void say_refused(const std::string& why) {
  std::fprintf(stderr, "issu-npud: %s; empty tables are made in their place\n", why.c_str());
}

}  // namespace

Result<std::unique_ptr<TableStore>> TableStore::open(const Settings& settings,
                                                     const NpudFiles& files) {
  auto store = std::make_unique<TableStore>();
  if (settings.npu.engine == "xdp") {
    auto arrays = XdpTables::open(files.bpf(), capacities_of(settings), files.tables());
    if (!arrays) {
      return fail(std::move(arrays).error());
    }
    if (!arrays->refused().empty()) {
      say_refused(arrays->refused());
    }
    store->found_ = arrays->found();
    store->arrays_.emplace(std::move(*arrays));
    return store;
  }
  std::error_code error;
  if (std::filesystem::exists(files.tables(), error)) {
    if (auto opened = tables::Segment::open_file(files.tables())) {
      store->found_ = true;
      store->file_.emplace(std::move(*opened));
      return store;
    } else {
      say_refused(opened.error().message());
    }
  }
  auto made = tables::Segment::create_file(files.tables(), capacities_of(settings));
  if (!made) {
    return fail(std::move(made).error());
  }
  store->file_.emplace(std::move(*made));
  return store;
}

}  // namespace issu::backends::soft
