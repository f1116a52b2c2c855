#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "framework/hub/settings.h"

namespace linnet::hub {

/// One request. Redirects are followed, at most ten, to http and https alone, and never from https to http; `authorization`
/// goes to the first host only.
struct HttpRequest {
  std::string url;
  std::string authorization = {};  ///< the header's value
  bool head = false;               ///< the headers alone; a redirect to another host that has `answer` is the answer then
  std::string answer = {};         ///< name of a header
  std::int64_t offset = 0;         ///< asks for the bytes from here on
  std::int64_t limit = 1 << 20;    ///< most bytes of the body
};
/// What came of it. Names of headers are in lower case; values of one that is there several times are joined by commas.
struct HttpResponse {
  int status = 0;
  std::string url;  ///< where the redirects led
  std::map<std::string, std::string> headers = {};
  std::string body = {};  ///< where no sink took it; of a status other than 2xx the beginning

  /// The header's value; empty if it is not there.
  std::string header(const std::string& name) const;
};
/// Gets the body of a 2xx response, part by part. What it throws ends the transfer and is thrown by send().
using BodySink = std::function<void(const HttpResponse& response, std::string_view part)>;

/// No answer, or none that is whole: another attempt may help. `connected` is false if the server was never reached.
class HttpFailure : public std::runtime_error {
 public:
  HttpFailure(const std::string& text, bool was_connected) : std::runtime_error(text), connected(was_connected) {}
  bool connected;
};

/// Sends requests one after the other, over connections that it keeps. Not for several threads at once.
class Http {
 public:
  explicit Http(const Settings& settings);
  ~Http();
  Http(Http&&) noexcept;
  Http& operator=(Http&&) noexcept;

  /// One attempt. A status of 4xx or 5xx is an answer. Throws HttpFailure if there is none, std::runtime_error if it must not
  /// be accepted: a redirect that is not followed, an untrusted certificate, a body over the limit.
  HttpResponse send(const HttpRequest& request, const BodySink& sink = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Sends until there is an answer that is not 408, 429 or 5xx, waiting between attempts, longer each time; a server's
/// Retry-After is obeyed up to a minute. At most settings.attempts attempts, three if no server is reached. Throws what the
/// last attempt threw.
HttpResponse send_patiently(Http& http, const HttpRequest& request, const Settings& settings);

/// The pause before attempt number `attempt` (from 1), in seconds; `response` may ask for a longer one.
double pause_before(int attempt, const Settings& settings, const HttpResponse* response);
/// Statuses after which another attempt may help.
bool is_passing(int status);

}  // namespace linnet::hub
