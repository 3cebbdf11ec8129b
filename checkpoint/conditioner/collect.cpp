#include "checkpoint/conditioner/collect.hpp"

#include <algorithm>

#include "checkpoint/conditioner/inspect.hpp"
#include "checkpoint/conditioner/md5_reader.hpp"
#include "checkpoint/conditioner/memberships.hpp"

namespace issu::checkpoint::conditioner {
namespace {

/// One open socket, and who holds it.
struct Listed {
  std::uint64_t inode = 0;
  std::vector<Holder> holders;
};

/// Before anything is opened here: our own process can be among them.
std::vector<Listed> list_sockets(const std::map<std::string, Process>& processes) {
  std::vector<Listed> listed;
  std::map<std::uint64_t, std::size_t> known;
  for (const auto& [inner_pid, process] : processes) {
    for (const Process::SocketFd& entry : process.sockets()) {
      const auto [place, is_new] = known.emplace(entry.inode, listed.size());
      if (is_new) {
        listed.push_back({entry.inode, {}});
      }
      listed[place->second].holders.push_back({inner_pid, process.name(), entry.fd});
    }
  }
  return listed;
}

/// The kernel does not tell for which VRF a key is.
bool has_keys_of_several_vrfs(const std::vector<Md5Key>& keys) {
  return std::adjacent_find(keys.begin(), keys.end(), [](const Md5Key& one, const Md5Key& next) {
           return one.family == next.family && one.prefix_length == next.prefix_length &&
                  one.address == next.address;
         }) != keys.end();
}

Result<void> inspect(int fd, const std::vector<Group>& groups, Md5Reader& md5, Socket& socket,
                     std::vector<std::string>& obstacles) {
  ISSU_TRY(inspect_socket(fd, groups, socket), "");
  obstacles = obstacles_of(fd, socket);
  if (!is_tcp(socket)) {
    return {};
  }
  auto keys = md5.keys_of(fd);
  if (!keys) {
    return fail(std::move(keys).error());
  }
  socket.keys = std::move(*keys);
  if (has_keys_of_several_vrfs(socket.keys)) {
    obstacles.emplace_back("two TCP MD5 keys for one address, of different VRFs");
  }
  return {};
}

}  // namespace

Result<Record> collect_sockets(const std::map<std::string, Process>& processes) {
  Record record;
  if (processes.empty()) {
    return record;
  }
  const std::vector<Listed> all = list_sockets(processes);
  const std::filesystem::path netns = processes.begin()->second.netns();
  auto groups = groups_of(netns.parent_path().parent_path() / "net");
  if (!groups) {
    return fail(std::move(groups).error());
  }
  auto md5 = Md5Reader::open(netns);
  if (!md5) {
    return fail(std::move(md5).error());
  }
  for (const Listed& listed : all) {
    const Holder& holder = listed.holders.front();
    const Fd fd = processes.at(holder.process).take(holder.fd);
    if (!fd || inode_of(fd.get()) != listed.inode) {
      continue;  // closed since it was listed
    }
    auto socket = identify_socket(fd.get());
    if (!socket) {
      continue;
    }
    std::vector<std::string> obstacles;
    ISSU_TRY(inspect(fd.get(), *groups, *md5, *socket, obstacles), holder_text(holder));
    for (const std::string& obstacle : obstacles) {
      record.obstacles.push_back(holder_text(holder) + ": " + obstacle);
    }
    socket->holders = listed.holders;
    record.sockets.push_back(std::move(*socket));
  }
  return record;
}

}  // namespace issu::checkpoint::conditioner
