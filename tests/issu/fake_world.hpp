#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/rp.hpp"
#include "issu/base/result.hpp"

namespace issu::tests {

/// What the two fakes share: the world in which routes and sessions are.
struct FakeWorld {
  std::vector<std::string> calls;  ///< every verb, in order
  /// Called before each verb acts; an error is what the verb answers.
  std::function<Result<void>(const std::string& verb)> fault;
  /// Called after each verb has acted; an error is what the verb answers all the same.
  std::function<Result<void>(const std::string& verb)> acted;
  bool questions_can_fail = false;  ///< `fault` is called for them, too; they are in no list
  std::uint64_t routes = 1000;
  bool taken_out = false;         ///< daemons without sessions took routes out that nobody kept
  bool unsafe_sweep = false;      ///< swept without the new side having said all that it has to say
  bool seen_established = false;  ///< the session, when it was last asked for since the hold
  bool keeping = false;           ///< the NPU keeps what it holds
  /// Of the routes, those that a side says itself when it is activated.
  std::map<backends::Slot, std::uint64_t> says{{backends::Slot::a, 1000},
                                               {backends::Slot::b, 1000}};
  std::map<backends::Slot, bool> establishes{{backends::Slot::a, true}, {backends::Slot::b, true}};
  std::map<backends::Slot, std::string> configuration;  ///< that a side says it runs
  std::map<backends::Slot, std::vector<backends::DaemonStatus>> daemons;  ///< of an active side
  std::uint64_t refreshed = 0;
  std::uint64_t says_when_asked_again = 0;   ///< routes; 0: no more than before
  int asked = 0;                             ///< for its routes
  std::vector<std::string> kinds{"rootfs"};  ///< of images that the backend takes
  std::string kernel;           ///< of a slot with its payload alone; empty: it has none of its own
  std::string staged_kernel;    ///< of a slot that was staged with a kernel beside its payload
  bool answers = true;          ///< the daemons do
  bool saves = true;            ///< the backend knows saved states
  bool migrates = true;         ///< what runs can move into the other slot
  bool stands_by = true;        ///< the slots of the backend can run side by side
  bool same_programs = true;    ///< in the running image and the new one
  double hold_time_s = 90;      ///< of the session
  bool changes_missed = false;  ///< the watch over the tables was interrupted

  Result<void> enter(const std::string& verb) {
    calls.push_back(verb);
    return fault ? fault(verb) : Result<void>{};
  }
  [[nodiscard]] Result<void> leave(const std::string& verb) const {
    return acted ? acted(verb) : Result<void>{};
  }
  /// A question is asked all the time, and changes nothing.
  [[nodiscard]] Result<void> question(const std::string& verb) const {
    return fault && questions_can_fail ? fault(verb) : Result<void>{};
  }
};

}  // namespace issu::tests
