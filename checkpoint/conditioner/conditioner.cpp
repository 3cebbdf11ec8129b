#include "checkpoint/conditioner/conditioner.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <set>

#include "checkpoint/conditioner/codec.hpp"
#include "checkpoint/conditioner/inspect.hpp"
#include "checkpoint/conditioner/md5_keys.hpp"
#include "checkpoint/conditioner/memberships.hpp"
#include "checkpoint/conditioner/netlink_groups.hpp"
#include "checkpoint/conditioner/options.hpp"
#include "checkpoint/conditioner/processes.hpp"
#include "issu/base/file.hpp"

namespace issu::checkpoint {

using namespace conditioner;

namespace {

using Processes = std::map<std::string, Process>;

constexpr std::uintmax_t largest_document = std::uintmax_t{64} << 20U;

/// Everything that did not work, as one error.
class Failures {
 public:
  void add(Error error) {
    if (first_) {
      first_->also(std::move(error));
    } else {
      first_ = std::move(error);
    }
  }
  void add(Result<void> result, const std::string& context) {
    if (!result) {
      add(std::move(result).error().within(context));
    }
  }
  Result<void> outcome() && {
    return first_ ? Result<void>(fail(std::move(*first_))) : Result<void>();
  }

 private:
  std::optional<Error> first_;
};

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

/// The kernel does not tell for which VRF a key is.
bool has_keys_of_several_vrfs(const std::vector<Md5Key>& keys) {
  return std::adjacent_find(keys.begin(), keys.end(), [](const Md5Key& one, const Md5Key& next) {
           return one.family == next.family && one.prefix_length == next.prefix_length &&
                  one.address == next.address;
         }) != keys.end();
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
Result<void> redo_socket(int fd, const Socket& socket, const std::vector<Md5Key>& present) {
  Failures failures;
  if (socket.keys != present) {
    failures.add(write_md5_keys(fd, socket.family, socket.keys), "");
  }
  auto set = write_options(fd, socket.options);
  if (!set) {
    failures.add(std::move(set).error());
  }
  for (const Membership& membership : socket.memberships) {
    failures.add(write_membership(fd, membership), "");
  }
  if (socket.family == AF_NETLINK) {
    failures.add(join_groups(fd, socket.groups), "");
    if (netlink_port(fd) != socket.netlink_port) {
      failures.add(Error("its netlink port is " + std::to_string(netlink_port(fd)) + ", it was " +
                             std::to_string(socket.netlink_port),
                         "another process in the network namespace has taken it"));
    }
  }
  return std::move(failures).outcome();
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
  auto record = std::make_unique<Record>();
  if (processes->empty()) {
    return Conditioner(std::move(record));
  }
  const Process& any = processes->begin()->second;
  auto groups = groups_of(any.netns().parent_path().parent_path() / "net");
  if (!groups) {
    return pass(std::move(groups).error(), "collecting sockets");
  }
  auto keys = read_md5_keys(any.netns());
  if (!keys) {
    return pass(std::move(keys).error(), "collecting sockets");
  }
  std::map<std::uint64_t, std::size_t> known;  // by inode
  for (const auto& [inner_pid, process] : *processes) {
    for (const Process::SocketFd& entry : process.sockets()) {
      const Holder holder{inner_pid, process.name(), entry.fd};
      if (const auto found = known.find(entry.inode); found != known.end()) {
        record->sockets[found->second].holders.push_back(holder);
        continue;
      }
      const Fd fd = process.take(entry.fd);
      auto socket = fd ? identify_socket(fd.get()) : Result<Socket>(fail("closed"));
      if (!socket) {
        continue;  // closed since it was listed
      }
      ISSU_TRY(inspect_socket(fd.get(), *groups, *socket), "collecting " + holder_text(holder));
      socket->holders.push_back(holder);
      for (const std::string& obstacle : obstacles_of(fd.get(), *socket)) {
        record->obstacles.push_back(holder_text(holder) + ": " + obstacle);
      }
      if (const auto its = keys->find(entry.inode); its != keys->end()) {
        socket->keys = std::move(its->second);
        if (has_keys_of_several_vrfs(socket->keys)) {
          record->obstacles.push_back(holder_text(holder) +
                                      ": two TCP MD5 keys for one address, of different VRFs");
        }
      }
      known.emplace(entry.inode, record->sockets.size());
      record->sockets.push_back(std::move(*socket));
    }
  }
  return Conditioner(std::move(record));
}

Result<void> Conditioner::undo(std::span<const pid_t> host_pids) const {
  auto processes = open_processes(host_pids);
  if (!processes) {
    return pass(std::move(processes).error(), "preparing sockets for a dump");
  }
  Failures failures;
  for (const Socket& socket : record_->sockets) {
    if (!needs_undo(socket)) {
      continue;
    }
    // One that has been closed since needs no help.
    if (const auto fd = find_socket(*processes, socket)) {
      failures.add(undo_socket(fd->get(), socket), holder_text(socket.holders.front()));
    }
  }
  return std::move(failures).outcome();
}

Result<void> Conditioner::redo(std::span<const pid_t> host_pids) const {
  auto processes = open_processes(host_pids);
  if (!processes) {
    return pass(std::move(processes).error(), "putting sockets back");
  }
  const bool any_keys = std::any_of(record_->sockets.begin(), record_->sockets.end(),
                                    [](const Socket& socket) { return !socket.keys.empty(); });
  std::map<std::uint64_t, std::vector<Md5Key>> present;
  if (any_keys && !processes->empty()) {
    auto keys = read_md5_keys(processes->begin()->second.netns());
    if (!keys) {
      return pass(std::move(keys).error(), "putting sockets back");
    }
    present = std::move(*keys);
  }
  Failures failures;
  for (const Socket& socket : record_->sockets) {
    const std::string who = holder_text(socket.holders.front());
    const auto fd = find_socket(*processes, socket);
    if (!fd) {
      failures.add(Error(fd.error()).within(who));
      continue;
    }
    failures.add(redo_socket(fd->get(), socket, present[inode_of(fd->get())]), who);
  }
  return std::move(failures).outcome();
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
  auto text = read_file(file, largest_document);
  if (!text) {
    return fail(std::move(text).error());
  }
  auto record = decode(std::as_bytes(std::span(*text)));
  ::explicit_bzero(text->data(), text->size());
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
