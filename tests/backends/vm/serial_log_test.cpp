#include "backends/vm/serial_log.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/temp_dir.hpp"

using issu::backends::vm::last_words;
using issu::backends::vm::told_by_serial;

TEST_CASE("a panic is found wherever it stands") {
  CHECK(last_words("[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n"
                   "[    1.1] CPU: 0 PID: 1\r\n[    1.2] Rebooting..\r\n") ==
        "[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs");
  // It says more of it than the firmware that ran before.
  CHECK(last_words("Boot failed: not a bootable disk\nKernel panic - not syncing: X\n") ==
        "Kernel panic - not syncing: X");
}

TEST_CASE("a firmware that finds nothing says so") {
  CHECK(last_words("\x1b[2J\x1b[1;1HSeaBIOS (version 1.16)\r\n\r\nBooting from Hard Disk...\r\n"
                   "Boot failed: not a bootable disk\r\n\r\n"
                   "No bootable device.  Retrying in 0 seconds.\r\n") ==
        "No bootable device.  Retrying in 0 seconds.");
}

TEST_CASE("else the last line that says anything") {
  CHECK(last_words("one\nguest up: 6.1\n\n  \n") == "guest up: 6.1");
  CHECK(last_words("no line break") == "no line break");
  CHECK(last_words("").empty());
  CHECK(last_words("\n\x1b[0m\n\x01\x02\n").empty());
}

TEST_CASE("whatever is in it becomes one line of bounded length") {
  CHECK(last_words(std::string(5000, 'x')).size() == 200);
  CHECK(last_words("a\x1b[31mb\x1b") == "ab");
  CHECK(last_words("a\x07\tb") == "ab");
}

TEST_CASE("a file is named, whether or not it says anything") {
  const issu::tests::TempDir dir;
  CHECK(told_by_serial(dir / "none") == "it left no serial log");
  std::ofstream(dir / "log") << std::string(1 << 20, '.') << "\nKernel panic - not syncing: Y\n";
  CHECK(told_by_serial(dir / "log") ==
        "its serial log " + (dir / "log").string() + " says: Kernel panic - not syncing: Y");
  std::ofstream(dir / "empty") << "";
  CHECK(told_by_serial(dir / "empty") ==
        "its serial log " + (dir / "empty").string() + " is empty");
}
