#pragma once

#include <functional>

#include "tests/issu/router_lab.hpp"

/// Every place at which an upgrade can be cut off, one after the other. `LabOf` is a Lab with the
/// strategy at stake; `also` is checked after each end.
namespace issu::tests {

/// Killed right after any record, it ends whole when it is resumed.
template <typename LabOf>
void walk_records(const std::function<void(LabOf&)>& also = {}) {
  for (const bool accept : {true, false}) {
    for (int record_number = 1;; ++record_number) {
      CAPTURE(accept);
      CAPTURE(record_number);
      LabOf lab;
      lab.open(accept ? "accept" : "");
      int seen = 0;
      const bool killed = killed_and_resumed(lab, [&](Listener& listener, bool&) {
        listener.record = [&](const Record&) {
          if (++seen == record_number) {
            throw Killed{};
          }
        };
      });
      lab.check_ended(accept ? Outcome::committed : Outcome::rolled_back);
      if (also) {
        also(lab);
      }
      if (!killed) {
        CHECK(record_number > 18);
        break;
      }
    }
  }
}

/// Killed inside any verb of a port, it ends whole when it is resumed.
template <typename LabOf>
void walk_kills_in_verbs() {
  for (const bool accept : {true, false}) {
    for (int call = 1;; ++call) {
      CAPTURE(accept);
      CAPTURE(call);
      LabOf lab;
      lab.open(accept ? "accept" : "");
      int seen = 0;
      const bool killed = killed_and_resumed(lab, [&](Listener&, bool&) {
        lab.world.fault = [&](const std::string&) -> Result<void> {
          if (++seen == call) {
            throw Killed{};
          }
          return {};
        };
      });
      lab.check_ended(accept ? Outcome::committed : Outcome::rolled_back);
      if (!killed) {
        break;
      }
    }
  }
}

/// Any verb that fails once ends it committed or rolled back, never in between.
template <typename LabOf>
void walk_faults() {
  for (int call = 1;; ++call) {
    CAPTURE(call);
    LabOf lab;
    lab.open();
    int seen = 0;
    lab.world.fault = [&](const std::string&) -> Result<void> {
      return ++seen == call ? fail("planted") : Result<void>{};
    };
    const auto outcome = lab.run();
    REQUIRE(outcome);
    if (*outcome != Outcome::refused) {
      lab.check_ended(*outcome);
    }
    if (seen < call) {
      break;
    }
  }
}

/// Any verb that is killed or fails once, accepted, leaves a whole router.
template <typename LabOf>
void walk_kills_and_faults(const std::function<void(LabOf&)>& also = {}) {
  for (const bool kill : {true, false}) {
    for (int call = 1;; ++call) {
      CAPTURE(kill);
      CAPTURE(call);
      LabOf lab;
      lab.open();
      int seen = 0;
      killed_and_resumed(lab, [&](Listener&, bool&) {
        lab.world.fault = [&](const std::string&) -> Result<void> {
          if (++seen == call) {
            if (kill) {
              throw Killed{};
            }
            return fail("planted");
          }
          return {};
        };
      });
      const auto outcome = lab.document()["outcome"].template get<std::string>();
      if (outcome != "refused") {
        lab.check_ended(outcome == "committed" ? Outcome::committed : Outcome::rolled_back);
        if (also) {
          also(lab);
        }
      }
      if (seen < call) {
        break;
      }
    }
  }
}

}  // namespace issu::tests
