#include "checkpoint/conditioner/conditioner.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>

#include "checkpoint/conditioner/codec.hpp"
#include "checkpoint/conditioner/collect.hpp"
#include "checkpoint/conditioner/inspect.hpp"
#include "checkpoint/conditioner/md5_keys.hpp"
#include "checkpoint/conditioner/md5_reader.hpp"
#include "checkpoint/conditioner/memberships.hpp"
#include "checkpoint/conditioner/netlink_groups.hpp"
#include "checkpoint/conditioner/options.hpp"
#include "checkpoint/conditioner/processes.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"

namespace issu::checkpoint {

using namespace conditioner;

namespace {

using Processes = std::map<std::string, Process>;

constexpr std::size_t largest_document = std::size_t{64} << 20U;

/// The same open socket as it was recorded, by the first holder that still has it.
Result<Fd> find_socket(const Processes& processes, const Socket& socket) {
  Error missing("it is not there any more");
  for (const Holder& holder : socket.holders) {
    const auto process = processes.find(holder.process);
    if (process == processes.end()) {
      missing = Error("the process is not there any more");
      continue;
    }
    Fd fd = process->second.take(holder.fd);
    const auto found = fd ? identify_socket(fd.get()) : Result<Socket>(Socket());
    if (found && is_same_socket(*found, socket)) {
      return fd;
    }
    missing = Error("there is another socket, or none");
  }
  return fail(std::move(missing));
}

/// The document's sockets that a dump has to be helped with.
bool needs_undo(const Socket& socket) {
  return socket.family == AF_NETLINK;
}

Result<void> undo_socket(int fd, const Socket& socket) {
  ISSU_TRY(leave_groups(fd, socket.groups), "");
  if (has_messages(fd)) {
    return fail("messages wait in it to be read: CRIU would refuse it",
                "let the process run for a moment and try again", ErrorKind::timeout);
  }
  return {};
}

/// Does all of it that can be done.
Result<void> redo_socket(int fd, const Socket& socket, Md5Reader& md5) {
  Reasons failures;
  // A key that is there already is left alone: packets are being signed with it.
  if (!socket.keys.empty()) {
    const auto present = md5.keys_of(fd);
    if (!present || *present != socket.keys) {
      failures.add_if(write_md5_keys(fd, socket.family, socket.keys));
    }
  }
  if (auto set = write_options(fd, socket.options); !set) {
    failures.add(std::move(set).error());
  }
  for (const Membership& membership : socket.memberships) {
    failures.add_if(write_membership(fd, membership));
  }
  if (socket.family == AF_NETLINK) {
    failures.add_if(join_groups(fd, socket.groups));
    if (netlink_port(fd) != socket.netlink_port) {
      failures.add(Error("its netlink port is " + std::to_string(netlink_port(fd)) + ", it was " +
                             std::to_string(socket.netlink_port),
                         "another process in the network namespace has taken it"));
    }
  }
  return std::move(failures).result();
}

/// Like `read_file`, into memory that is wiped.
Result<SecretBytes> read_secret(const std::filesystem::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return fail_errno("opening " + file.string());
  }
  SecretBytes bytes(std::size_t{64} << 10U);
  for (std::size_t at = 0;;) {
    const ssize_t count = ::read(fd.get(), bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno != EINTR) {
      return fail_errno("reading " + file.string());
    }
    at += count > 0 ? static_cast<std::size_t>(count) : 0;
    if (count == 0) {
      bytes.resize(at);
      return bytes;
    }
    if (at == largest_document) {
      return fail(file.string() + " is larger than any document", "", ErrorKind::refused);
    }
    if (at == bytes.size()) {
      bytes.resize(2 * at);
    }
  }
}

}  // namespace

Conditioner::Conditioner(std::unique_ptr<Record> record) : record_(std::move(record)) {}
Conditioner::Conditioner(Conditioner&&) noexcept = default;
Conditioner& Conditioner::operator=(Conditioner&&) noexcept = default;
Conditioner::~Conditioner() = default;

Result<Conditioner> Conditioner::collect(std::span<const pid_t> host_pids) {
  auto processes = open_processes(host_pids);
  if (!processes) {
    return pass(std::move(processes).error(), "collecting sockets");
  }
  auto record = collect_sockets(*processes);
  if (!record) {
    return pass(std::move(record).error(), "collecting sockets");
  }
  return Conditioner(std::make_unique<Record>(std::move(*record)));
}

Result<void> Conditioner::undo(std::span<const pid_t> host_pids) const {
  auto processes = open_processes(host_pids);
  if (!processes) {
    return pass(std::move(processes).error(), "preparing sockets for a dump");
  }
  Reasons failures;
  for (const Socket& socket : record_->sockets) {
    if (!needs_undo(socket)) {
      continue;
    }
    // One that has been closed since needs no help.
    if (const auto fd = find_socket(*processes, socket)) {
      if (auto undone = undo_socket(fd->get(), socket); !undone) {
        failures.add(std::move(undone).error().within(holder_text(socket.holders.front())));
      }
    }
  }
  return std::move(failures).result();
}

Result<void> Conditioner::redo(std::span<const pid_t> host_pids) const {
  auto processes = open_processes(host_pids);
  if (!processes) {
    return pass(std::move(processes).error(), "putting sockets back");
  }
  if (record_->sockets.empty()) {
    return {};
  }
  if (processes->empty()) {
    return fail("putting sockets back: none of the processes is there");
  }
  auto md5 = Md5Reader::open(processes->begin()->second.netns());
  if (!md5) {
    return pass(std::move(md5).error(), "putting sockets back");
  }
  Reasons failures;
  for (const Socket& socket : record_->sockets) {
    const std::string who = holder_text(socket.holders.front());
    const auto fd = find_socket(*processes, socket);
    if (!fd) {
      // A connection that has ended: by its other end, or because it was not to be kept. The
      // process sees that and closes it, or has made another one, with what belongs to it.
      if (!socket.flow) {
        failures.add(Error(fd.error()).within(who));
      }
      continue;
    }
    if (auto redone = redo_socket(fd->get(), socket, *md5); !redone) {
      failures.add(std::move(redone).error().within(who));
    }
  }
  return std::move(failures).result();
}

Result<void> Conditioner::save(const std::filesystem::path& file) const {
  auto bytes = encode(*record_);
  if (!bytes) {
    return fail(std::move(bytes).error());
  }
  const auto* text = static_cast<const char*>(static_cast<const void*>(bytes->data()));
  ISSU_TRY(write_file_atomic(file, {text, bytes->size()}, 0600),
           "writing what CRIU forgets of the sockets");
  return {};
}

Result<Conditioner> Conditioner::load(const std::filesystem::path& file) {
  auto bytes = read_secret(file);
  if (!bytes) {
    return fail(std::move(bytes).error());
  }
  auto record = decode(*bytes);
  if (!record) {
    return pass(std::move(record).error(), "reading " + file.string());
  }
  return Conditioner(std::make_unique<Record>(std::move(*record)));
}

std::vector<TcpFlow> Conditioner::flows() const {
  std::set<TcpFlow> flows;
  for (const Socket& socket : record_->sockets) {
    if (socket.flow) {
      flows.insert(*socket.flow);
    }
  }
  return {flows.begin(), flows.end()};
}

const std::vector<std::string>& Conditioner::obstacles() const {
  return record_->obstacles;
}

nlohmann::json Conditioner::summary() const {
  std::size_t keys = 0;
  std::size_t groups = 0;
  std::size_t memberships = 0;
  std::size_t options = 0;
  std::set<std::string> processes;
  for (const Socket& socket : record_->sockets) {
    keys += socket.keys.size();
    groups += socket.groups.size();
    memberships += socket.memberships.size();
    options += socket.options.size();
    for (const Holder& holder : socket.holders) {
      processes.insert(holder.process);
    }
  }
  return {{"processes", processes.size()},
          {"sockets", record_->sockets.size()},
          {"tcp_flows", flows().size()},
          {"tcp_md5_keys", keys},
          {"netlink_groups", groups},
          {"multicast_memberships", memberships},
          {"options", options},
          {"obstacles", record_->obstacles}};
}

}  // namespace issu::checkpoint
