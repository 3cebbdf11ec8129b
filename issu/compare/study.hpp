#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "issu/compare/document.hpp"
#include "issu/compare/labs.hpp"
#include "issu/compare/place.hpp"
#include "issu/compare/turns.hpp"
#include "issu/drill/drill.hpp"
#include "issu/drill/interrupt.hpp"
#include "issu/drill/lab.hpp"

namespace issu::compare {

/// What the operator said.
struct StudyOptions {
  drill::DrillOptions drills;      ///< program, images, work folder, progress
  std::filesystem::path evidence;  ///< absolute; made
  unsigned runs = 3;               ///< of each measurement, while there is time
  double limit_minutes = 28;       ///< of all; labs are still taken away after that
  double memory_share = 0.5;       ///< of what is free at the beginning, for instances
  unsigned most_instances = 0;     ///< of each shape; 0: as many as fit
  std::vector<std::string> only;   ///< ids of rows; empty: all
  std::set<Shape> shapes{Shape::container, Shape::machine};
  report::Device device;  ///< this machine
};

/// A router without neighbours that came up, and how long it took.
struct Instance {
  std::string name;
  std::string version;   ///< that its daemons said
  double booted_s = 0;   ///< until its process 1 or its agent answered
  double answers_s = 0;  ///< until every daemon answered
};

/// A payload that was verified, and what kind its image says it is ("rootfs", "disk").
struct Payload {
  backends::StagedPayload staged;
  std::string kind;
};

/// What a kind of lab gave so far.
struct Played {
  std::vector<nlohmann::ordered_json> upgrades;  ///< committed ones
  std::string evidence;                          ///< of all of them
  std::string why_not;                           ///< of the last one that gave nothing
};

/// What the rows measure with. One row at a time.
class Study {
 public:
  /// All of them outlive it.
  Study(const StudyOptions& options, Place& place, drill::Interrupt& interrupt)
      : options_(&options), place_(&place), interrupt_(&interrupt) {}

  /// The row that is measured from now on, and when its time is up.
  void begin_row(const std::string& id, Deadline until);

  [[nodiscard]] const StudyOptions& options() const { return *options_; }
  [[nodiscard]] Place& place() { return *place_; }
  [[nodiscard]] drill::Interrupt& interrupt() { return *interrupt_; }
  [[nodiscard]] Deadline until() const { return until_; }
  [[nodiscard]] bool wants(Shape shape) const { return options_->shapes.contains(shape); }
  /// Why a side that is not wanted has no figure.
  [[nodiscard]] static Side not_wanted();
  void say(const std::string& line) const;
  [[nodiscard]] Turns turns(unsigned wanted) { return {wanted, until_, *interrupt_}; }
  /// Why there is no (further) run: interrupted, or the time was up.
  [[nodiscard]] std::string why_stopped();

  /// An image's payload, verified and extracted; each once.
  Result<Payload> payload(const std::string& image);
  /// Starts a router from an image and waits for its daemons. What was started before a failure is
  /// taken away again.
  Result<Instance> start(Shape shape, const std::string& image, const std::string& suite = "frr");
  Result<void> end(const Instance& instance) { return place_->end_router(instance.name); }

  /// A lab of the study, for `drill::Lab::build` or `drill::run_drill`.
  Result<drill::Scenario> scenario(const LabFacts& lab);
  Result<drill::Lab> build(const drill::LabSpec& spec);
  /// Plays it once; what it gave is in `played`.
  void play(LabKind kind);
  [[nodiscard]] const Played& played(LabKind kind) { return played_[kind]; }

  /// Takes what a lab left that did not come to its end into the evidence. " (evidence: NAME)", or
  /// nothing where it left none.
  std::string keep_lab(const std::string& name);
  /// Writes a file of the evidence and gives its name.
  std::string keep(const std::string& name, const nlohmann::ordered_json& document);

 private:
  const StudyOptions* options_;
  Place* place_;
  drill::Interrupt* interrupt_;
  Deadline until_ = Deadline::in(std::chrono::nanoseconds(0));
  std::string row_;
  std::map<std::string, Payload> payloads_;
  std::map<LabKind, Played> played_;
  std::map<LabKind, unsigned> times_;
  unsigned left_ = 0;
};

}  // namespace issu::compare
