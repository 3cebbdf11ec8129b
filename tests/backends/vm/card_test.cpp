// A kernel is changed under containers: FRR in a card, BIRD outside of it.

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "issu/base/clock.hpp"
#include "tests/backends/vm/card_lab.hpp"
#include "tests/skip.hpp"

using namespace issu;
using namespace issu::backends;
using namespace issu::testing;

namespace {

namespace fs = std::filesystem;

bool has_prefixes(RouteProcessor& rp, Slot slot, std::uint64_t count) {
  return wait_until(
      [&] {
        const auto view = rp.control_plane(slot);
        return view && view->sessions.size() == 1 && view->sessions[0].established &&
               view->sessions[0].prefixes == count;
      },
      Deadline::in(std::chrono::seconds(40)), std::chrono::milliseconds(200));
}

/// Goes on in `into` with what was saved, and prints where the time went.
void go_on(RouteProcessor& rp, const SaveReport& saved, Slot from, Slot into) {
  const MonoNs begun = mono_now();
  const auto restored = rp.restore(from, into, Sessions::keep);
  if (!restored) {
    FAIL(restored.error().message());
  }
  // The card's times as the host's: none before it was asked, none after it answered.
  CHECK(saved.dark_from < begun);
  CHECK(restored->dark_until > begun);
  CHECK(restored->dark_until <= mono_now());
  std::printf(
      "dark %.2f s, of it: held back and written down %.2f, frozen %.2f, saved %.2f (%llu "
      "bytes), until the daemons ran %.2f, given back %.2f\n",
      to_s(restored->dark_until - saved.dark_from), saved.condition_ms / 1e3, saved.freeze_ms / 1e3,
      saved.dump_ms / 1e3, static_cast<unsigned long long>(saved.bytes), restored->restore_ms / 1e3,
      restored->condition_ms / 1e3);
  std::printf("  %s\n", read_file(card_dir() / "card" / "restored.json").value_or("").c_str());
}

/// Saves what runs in `from` and goes on with it in `into`.
void change_kernel(RouteProcessor& rp, Slot from, Slot into) {
  CARD_OK(rp.prepare_save(from));
  const auto saved = rp.save(from, Afterwards::gone);
  if (!saved) {
    FAIL(saved.error().message());
  }
  const auto between = rp.status(from);
  CARD_OK(between);
  CHECK(between->power == SlotPower::staged);
  CHECK(between->saved);
  go_on(rp, *saved, from, into);
}

}  // namespace

TEST_CASE("the card backend keeps the contract") {
  if (!missing_cards().empty()) {
    ISSU_SKIP(missing_cards());
  }
  const CardLab lab;
  check_rp_contract(lab.contract());
}

TEST_CASE("a card changes its kernel and back, its sessions stay Established") {
  if (!missing_cards().empty()) {
    ISSU_SKIP(missing_cards());
  }
  const CardLab lab;
  auto rp = lab.make();
  CARD_OK(rp->check());
  CARD_OK(rp->stage(Slot::a, {card_image("card-kernel-6.1-old"), "6.1"}));
  CARD_OK(rp->boot(Slot::a));
  CARD_OK(rp->activate(Slot::a));
  REQUIRE(wait_until([&] { return lab.established(); }, Deadline::in(std::chrono::seconds(60)),
                     std::chrono::milliseconds(200)));
  REQUIRE(has_prefixes(*rp, Slot::a, 2));
  const std::string changes = lab.changes();

  CHECK_FALSE(rp->check_same(Slot::a, card_image("card-bookworm")).has_value());
  CARD_OK(rp->check_same(Slot::a, card_image("card-kernel-6.12")));
  CARD_OK(rp->stage(Slot::b, {card_image("card-kernel-6.12"), "6.12"}));
  CARD_OK(rp->check_save(Slot::a));
  CARD_OK(rp->boot(Slot::b));  // one kernel at a time: it will start when it is activated
  CHECK(rp->status(Slot::b)->power == SlotPower::staged);
  CHECK_FALSE(rp->activate(Slot::b).has_value());
  CHECK(rp->status(Slot::a)->power == SlotPower::active);
  change_kernel(*rp, Slot::a, Slot::b);
  CHECK(lab.changes() == changes);
  CHECK(rp->status(Slot::b)->power == SlotPower::active);
  CHECK(rp->status(Slot::a)->power == SlotPower::staged);
  // Both ways: a route that is told now comes in.
  (void)lab.bird("enable more");
  CHECK(has_prefixes(*rp, Slot::b, 3));

  // Another object: as after a restart of the coordinator.
  rp = lab.make();
  change_kernel(*rp, Slot::b, Slot::a);
  CHECK(lab.changes() == changes);
  (void)lab.bird("disable more");
  CHECK(has_prefixes(*rp, Slot::a, 2));
  CHECK(lab.established());

  // Beside it, what it costs to start the card anew.
  const MonoNs off = mono_now();
  CARD_OK(rp->power_off(Slot::a));
  CARD_OK(rp->boot(Slot::a));
  const MonoNs booted = mono_now();
  CARD_OK(rp->activate(Slot::a));
  REQUIRE(has_prefixes(*rp, Slot::a, 2));
  std::printf("started anew: dark %.2f s, of it until the card was up %.2f\n",
              to_s(mono_now() - off), to_s(booted - off));
  CHECK(lab.changes() != changes);

  CARD_OK(rp->forget_saved(Slot::a));
  CARD_OK(rp->forget_saved(Slot::b));
  CHECK_FALSE(rp->status(Slot::b)->saved);
}

TEST_CASE("a kernel that does not come up: the daemons go on under the old one, sessions and all") {
  if (!missing_cards().empty()) {
    ISSU_SKIP(missing_cards());
  }
  const CardLab lab;
  const tests::TempDir dir;
  const auto broken = dir.path() / "broken.squashfs";
  CARD_OK(run_checked({"unsquashfs", "-q", "-n", "-d", (dir.path() / "kernel").string(),
                       card_image("card-kernel-6.1-old").string(), "vmlinuz"}));
  std::ofstream(dir.path() / "kernel" / "initrd") << "nothing that a kernel could start\n";
  CARD_OK(run_checked(
      {"mksquashfs", (dir.path() / "kernel").string(), broken.string(), "-quiet", "-no-progress"}));
  auto rp = lab.make();
  CARD_OK(rp->stage(Slot::a, {card_image("card-kernel-6.1-old"), "6.1"}));
  CARD_OK(rp->boot(Slot::a));
  CARD_OK(rp->activate(Slot::a));
  REQUIRE(has_prefixes(*rp, Slot::a, 2));
  const std::string changes = lab.changes();
  CARD_OK(rp->stage(Slot::b, {broken, "broken"}));
  CARD_OK(rp->prepare_save(Slot::a));
  CARD_OK(rp->save(Slot::a, Afterwards::gone));
  const auto failed = rp->restore(Slot::a, Slot::b, Sessions::keep);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message().find("went down") != std::string::npos);
  CHECK(rp->status(Slot::a)->saved);
  CHECK_FALSE(rp->status(Slot::b)->saved);
  const auto back = rp->restore(Slot::a, Slot::a, Sessions::keep);
  if (!back) {
    FAIL(back.error().message());
  }
  CHECK(lab.changes() == changes);
  (void)lab.bird("enable more");
  CHECK(has_prefixes(*rp, Slot::a, 3));
  CHECK(lab.changes() == changes);
}
