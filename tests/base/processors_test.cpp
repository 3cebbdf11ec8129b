#include "issu/base/processors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

using namespace issu;

TEST_CASE("a list of processors is read") {
  CHECK(*parse_processors("1") == Processors{1});
  CHECK(*parse_processors("0-3,8") == Processors{0, 1, 2, 3, 8});
  CHECK(*parse_processors("8,1-2,2") == Processors{1, 2, 8});
  CHECK(*parse_processors("1023") == Processors{1023});
}

TEST_CASE("what is no list of processors is named") {
  for (const char* list : {"", ",", "1,", "a", "-1", "3-1", "1-", "1 2", "1024", "0-99999999999",
                           "1;2", "0x1", "1-2-3", "\n"}) {
    CAPTURE(list);
    const auto read = parse_processors(list);
    REQUIRE_FALSE(read);
    CHECK(read.error().what().find("\"" + std::string(list) + "\"") != std::string::npos);
    CHECK_FALSE(read.error().hint().empty());
  }
}

TEST_CASE("a thread is bound to a processor, and then to those of before") {
  const auto online = online_processors();
  REQUIRE_MESSAGE(online, online.error().message());
  const auto before = own_processors();
  REQUIRE_MESSAGE(before, before.error().message());
  CHECK(std::includes(online->begin(), online->end(), before->begin(), before->end()));
  {
    auto bound = BoundThread::to({before->back()});
    REQUIRE_MESSAGE(bound, bound.error().message());
    const BoundThread moved = std::move(*bound);
    CHECK(*own_processors() == Processors{before->back()});
    Processors started;
    std::thread([&] { started = *own_processors(); }).join();
    CHECK(started == Processors{before->back()});
  }
  CHECK(*own_processors() == *before);
  CHECK_FALSE(BoundThread::to({1023}));
  CHECK(*own_processors() == *before);
}
