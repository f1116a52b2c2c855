#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <thread>

#include "framework/hub/handle.h"
#include "framework/hub/repository.h"
#include "framework/hub/settings.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

namespace {

/// Answers each connection with the next of the given texts, whatever is asked, and hangs up. As the proxy of every URL it also
/// keeps redirects from leading anywhere else.
class Server {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    fuzz::require(::bind(listener_, plain, size) == 0 && ::listen(listener_, 16) == 0 && ::getsockname(listener_, plain, &size) == 0,
                  "a port of loopback is to be had");
    const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) ::setenv(name, url.c_str(), 1);
    for (const char* name : {"no_proxy", "NO_PROXY"}) ::unsetenv(name);
    std::thread([this] { serve(); }).detach();
  }
  void set_answers(std::vector<std::string> answers) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
    next_ = 0;
  }

 private:
  [[noreturn]] void serve() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) continue;
      std::string request;
      char block[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(connection, block, sizeof(block), 0);
        if (got <= 0) break;
        request.append(block, static_cast<std::size_t>(got));
      }
      std::string answer;
      {
        const std::lock_guard lock(mutex_);
        if (next_ < answers_.size()) answer = answers_[next_++];
      }
      (void)!::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::shutdown(connection, SHUT_RDWR);
      ::close(connection);
    }
  }

  int listener_;
  std::mutex mutex_;
  std::vector<std::string> answers_;
  std::size_t next_ = 0;
};

void fetch(const char* handle, const hub::Settings& settings, bool all) {
  fuzz::accepts([&] {
    const std::unique_ptr<hub::Repository> repository = hub::open_repository(*hub::parse_handle(handle), settings);
    if (all) return repository->fetch_all();
    if (repository->fetch("config.json"))
      fuzz::require(std::filesystem::is_regular_file(repository->directory() / "config.json"), "what was fetched is there");
  });
}

}  // namespace

/// A letter for the hub and what is fetched, then what the server says to one request after the other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Server server;
  if (size == 0) return 0;
  fuzz::clear_scratch_directory();
  const std::filesystem::path& root = fuzz::scratch_directory();
  hub::Settings settings;
  settings.kaggle_endpoint = settings.hugging_face_endpoint = "http://hub.test";
  settings.kaggle_cache = settings.hugging_face_cache = root / "cache";
  settings.connect_timeout = settings.stall_timeout = 2;
  settings.attempts = 1;
  settings.first_wait = 0;
  server.set_answers(fuzz::parts_of(fuzz::text_of(data, size).substr(1)));
  const bool all = data[0] % 2 == 0;
  if ((data[0] & 2) == 0) fetch("hf://org/repo", settings, all);
  else fetch("kaggle://org/model/keras/base", settings, all);
  for (const auto& entry : std::filesystem::directory_iterator(root))
    fuzz::require(entry.path().filename() == "cache", "nothing is written beside the cache");
  return 0;
}
