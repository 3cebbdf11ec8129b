#include "issu/decide.hpp"

#include <doctest/doctest.h>

namespace issu {
namespace {

Record record(Event event, std::optional<Phase> phase = std::nullopt, std::string text = "") {
  Record result;
  result.event = event;
  result.phase = phase;
  result.text = std::move(text);
  return result;
}

Records opened() {
  return {record(Event::opened)};
}

/// Journal of an upgrade whose phases before `phase` are done.
Records done_until(Phase phase) {
  Records records = opened();
  for (const PhaseRow& row : phase_table) {
    if (row.phase == phase) {
      break;
    }
    records.push_back(record(Event::begun, row.phase));
    records.push_back(record(Event::done, row.phase));
  }
  return records;
}

/// Plays decisions on with every step working, and gives back what was done.
std::vector<std::string> play(Records records) {
  std::vector<std::string> steps;
  for (int guard = 0; guard < 100; ++guard) {
    const Decision decision = decide(records);
    const std::string phase(name_of(decision.phase));
    switch (decision.kind) {
      case Decision::Kind::run:
        steps.push_back("do " + phase);
        records.push_back(record(Event::begun, decision.phase));
        records.push_back(record(Event::done, decision.phase));
        break;
      case Decision::Kind::undo:
        steps.push_back("undo " + phase);
        records.push_back(record(Event::undoing, decision.phase));
        records.push_back(record(Event::undone, decision.phase));
        break;
      case Decision::Kind::close:
        steps.push_back(std::string(name_of(decision.outcome)));
        records.push_back(
            record(Event::closed, std::nullopt, std::string(name_of(decision.outcome))));
        break;
      case Decision::Kind::finished:
      case Decision::Kind::idle:
        return steps;
    }
  }
  FAIL("the decisions never end");
  return steps;
}

TEST_CASE("an empty journal asks for nothing") {
  CHECK(decide({}).kind == Decision::Kind::idle);
  CHECK_FALSE(is_open({}));
}

TEST_CASE("an upgrade in which everything works goes through the table once and commits") {
  std::vector<std::string> expected;
  for (const PhaseRow& row : phase_table) {
    expected.push_back("do " + std::string(row.name));
  }
  expected.emplace_back("committed");
  CHECK(play(opened()) == expected);
}

TEST_CASE("a failed phase is undone, and all before it in reverse order") {
  Records records = done_until(Phase::reconcile);
  records.push_back(record(Event::begun, Phase::reconcile));
  records.push_back(record(Event::failed, Phase::reconcile, "half of the routes are gone"));
  const std::vector<std::string> expected{"undo reconcile", "undo switchover", "undo freeze",
                                          "undo presync",   "undo checkpoint", "undo stage",
                                          "rolled-back"};
  CHECK(play(records) == expected);
  CHECK(decide(records).reason == "half of the routes are gone");
}

TEST_CASE("a preflight that fails refuses, and nothing is undone") {
  Records records = opened();
  records.push_back(record(Event::begun, Phase::preflight));
  records.push_back(record(Event::failed, Phase::preflight, "unsigned"));
  CHECK(play(records) == std::vector<std::string>{"refused"});
}

TEST_CASE("a crash in a phase repeats it until its attempts are used up, then goes back") {
  for (const PhaseRow& row : phase_table) {
    CAPTURE(row.name);
    Records records = done_until(row.phase);
    for (int attempt = 1; attempt <= row.attempts; ++attempt) {
      const Decision decision = decide(records);
      CHECK(decision.kind == Decision::Kind::run);
      CHECK(decision.phase == row.phase);
      records.push_back(record(Event::begun, row.phase));
    }
    const std::vector<std::string> steps = play(records);
    const std::string end = steps.back();
    if (row.phase == Phase::preflight) {
      CHECK(end == "refused");
    } else if (row.reversible) {
      CHECK(end == "rolled-back");
    } else {
      CHECK(end == "needs-operator");
    }
  }
}

TEST_CASE("a crash after any record of any path ends in the same kind of end") {
  // Every prefix of a journal that commits still commits: running and recovering are one.
  Records whole = done_until(Phase::commit);
  whole.push_back(record(Event::begun, Phase::commit));
  whole.push_back(record(Event::done, Phase::commit));
  for (std::size_t length = 1; length <= whole.size(); ++length) {
    const Records cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK(play(cut).back() == "committed");
  }
}

TEST_CASE("abort turns back before commit began, and not after") {
  Records records = done_until(Phase::soak);
  records.push_back(record(Event::requested, std::nullopt, "abort"));
  CHECK(play(records).back() == "rolled-back");

  records = done_until(Phase::commit);
  records.push_back(record(Event::begun, Phase::commit));
  records.push_back(record(Event::requested, std::nullopt, "abort"));
  CHECK(play(records).back() == "committed");
}

TEST_CASE("an undo that does not work is tried again, then a person is asked, then it goes on") {
  Records records = done_until(Phase::reconcile);
  records.push_back(record(Event::requested, std::nullopt, "abort"));
  for (int attempt = 0; attempt < undo_attempts; ++attempt) {
    const Decision decision = decide(records);
    CHECK(decision.kind == Decision::Kind::undo);
    CHECK(decision.phase == Phase::switchover);
    records.push_back(record(Event::undoing, Phase::switchover));
    records.push_back(record(Event::failed, Phase::switchover, "it does not stop"));
  }
  CHECK(decide(records).kind == Decision::Kind::close);
  CHECK(decide(records).outcome == Outcome::needs_operator);
  records.push_back(record(Event::closed, std::nullopt, "needs-operator"));
  CHECK_FALSE(is_open(records));
  records.push_back(record(Event::requested, std::nullopt, "resume"));
  CHECK(is_open(records));
  CHECK(play(records).back() == "rolled-back");
}

TEST_CASE("from freeze to commit every phase can be gone back from (invariant 1)") {
  for (const PhaseRow& row : phase_table) {
    if (row.phase < Phase::freeze || row.phase >= Phase::commit) {
      continue;
    }
    CAPTURE(row.name);
    Records records = done_until(row.phase);
    records.push_back(record(Event::begun, row.phase));
    records.push_back(record(Event::failed, row.phase, "planted"));
    const auto steps = play(records);
    CHECK(std::find(steps.begin(), steps.end(), "undo freeze") != steps.end());
    CHECK(steps.back() == "rolled-back");
  }
}

}  // namespace
}  // namespace issu
