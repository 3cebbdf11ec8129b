#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/rp.hpp"
#include "backends/spec.hpp"
#include "issu/base/child.hpp"
#include "issu/base/result.hpp"
#include "issu/compare/document.hpp"

namespace issu::compare {

using MakeRp =
    std::function<Result<std::unique_ptr<backends::RouteProcessor>>(const backends::RouterSpec&)>;

/// Who makes a route processor of each shape; the command line gives them.
struct Makers {
  MakeRp container;
  MakeRp machine;
};

/// What the study has taken of the machine beside its labs: folders, a libvirt daemon of its own,
/// and the routers that it started. All of it is on disk before it is taken, so that the next study
/// can give back what a killed one left.
class Place {
 public:
  /// A folder `base`/issu-compare-PID.
  static Result<Place> make(const std::filesystem::path& base, Makers makers);
  Place(Place&& other) noexcept;
  Place& operator=(Place&&) = delete;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place();

  [[nodiscard]] const std::filesystem::path& work() const { return work_; }

  /// A router of its own, without ports: nobody forwards for it. Written down; starts nothing but
  /// the libvirt daemon, before the first machine.
  Result<backends::RouterSpec> new_router(Shape shape, const std::string& suite);
  Result<std::unique_ptr<backends::RouteProcessor>> make(Shape shape,
                                                         const backends::RouterSpec& spec) const;
  /// Ends a router of `new_router` and takes away all that it had. One that is gone is fine.
  Result<void> end_router(const std::string& name);
  /// Everything. Can be repeated; goes on after a failure and tells all of them.
  Result<void> give_back();

 private:
  struct Router {
    std::string name;
    Shape shape;
  };
  Place() = default;
  static Result<Place> load(const std::filesystem::path& work, Makers makers);
  friend Result<std::vector<std::string>> give_back_abandoned(const std::filesystem::path& base,
                                                              const Makers& makers);
  Result<void> save() const;
  Result<void> start_hypervisor();
  [[nodiscard]] backends::RouterSpec spec_of(const Router& router, const std::string& suite) const;
  Result<void> end(const Router& router) const;
  [[nodiscard]] std::string id() const;

  std::filesystem::path work_;
  Makers makers_;
  ProcessId owner_;
  std::optional<ProcessId> hypervisor_;
  std::vector<Router> routers_;
  unsigned number_ = 0;
  bool ours_ = false;
};

/// Gives back what studies below `base` left whose process has ended. Their names.
Result<std::vector<std::string>> give_back_abandoned(const std::filesystem::path& base,
                                                     const Makers& makers);

/// The name that the control group of a router's container has, or its machine.
[[nodiscard]] std::string resident_name(const std::string& router);

}  // namespace issu::compare
