#include "issu/base/processors.hpp"

#include <sched.h>

#include <charconv>
#include <set>
#include <string_view>
#include <utility>

#include "issu/base/file.hpp"

namespace issu {
namespace {

constexpr unsigned highest = CPU_SETSIZE - 1;

/// A number at the beginning of `text`, which loses it.
bool take_number(std::string_view& text, unsigned& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc() && number <= highest;
}

bool take_sign(std::string_view& text, char sign) {
  const bool there = text.starts_with(sign);
  text.remove_prefix(there ? 1 : 0);
  return there;
}

Result<void> bind_to(const Processors& only) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned each : only) {
    CPU_SET(each, &set);
  }
  return ::sched_setaffinity(0, sizeof set, &set) == 0
             ? Result<void>()
             : fail_errno("binding to processors of this machine");
}

}  // namespace

Result<Processors> parse_processors(const std::string& list) {
  std::set<unsigned> all;
  std::string_view left = list;
  do {
    unsigned first = 0;
    bool good = take_number(left, first);
    unsigned last = first;
    if (good && take_sign(left, '-')) {
      good = take_number(left, last) && last >= first;
    }
    if (!good) {
      return fail("\"" + list + "\" is not a list of processors",
                  "numbers from 0 to " + std::to_string(highest) + " and ranges, as in \"0-3,8\"");
    }
    for (unsigned each = first; each <= last; ++each) {
      all.insert(each);
    }
  } while (take_sign(left, ','));
  if (!left.empty()) {
    return fail("\"" + list + "\" is not a list of processors: nobody knows what \"" +
                    std::string(left) + "\" means",
                "numbers and ranges, as in \"0-3,8\"");
  }
  return Processors(all.begin(), all.end());
}

Result<Processors> online_processors() {
  auto text = read_file("/sys/devices/system/cpu/online");
  if (!text) {
    return pass(std::move(text).error(), "looking for processors");
  }
  while (text->ends_with('\n')) {
    text->pop_back();
  }
  return parse_processors(*text);
}

Result<Processors> own_processors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) {
    return fail_errno("asking for the processors of this thread");
  }
  Processors own;
  for (unsigned each = 0; each <= highest; ++each) {
    if (CPU_ISSET(each, &set)) {
      own.push_back(each);
    }
  }
  return own;
}

Result<BoundThread> BoundThread::to(const Processors& only) {
  auto before = own_processors();
  if (!before) {
    return fail(std::move(before).error());
  }
  ISSU_TRY(bind_to(only), "");
  return BoundThread(std::move(*before));
}

BoundThread::BoundThread(BoundThread&& from) noexcept
    : before_(std::exchange(from.before_, Processors{})) {}

BoundThread::~BoundThread() {
  if (!before_.empty()) {
    (void)bind_to(before_);
  }
}

}  // namespace issu
