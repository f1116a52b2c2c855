#include "framework/hub/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <utility>

#include "framework/core/error.h"
#include "framework/core/version.h"

namespace linnet::hub {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostRedirects = 10;
constexpr std::size_t kErrorText = 300, kMostHeaderBytes = 1 << 18;

void start_curl() {
  // A local static is made once, whatever the threads.
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  check_file(code == CURLE_OK, "http: libcurl does not start: ", curl_easy_strerror(code));
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

std::string scheme_of(const std::string& url) { return lower(url.substr(0, std::min(url.find("://"), url.size()))); }

/// "https://host:port": who gets the secrets that are meant for it.
std::string origin_of(const std::string& url) {
  const std::size_t begin = url.find("://");
  return lower(url.substr(0, begin == std::string::npos ? begin : url.find_first_of("/?#", begin + 3)));
}

/// One hop: what libcurl's callbacks fill.
struct Hop {
  const HttpRequest* request = nullptr;
  const BodySink* sink = nullptr;
  HttpResponse response = {};
  std::size_t header_bytes = 0;
  std::int64_t body_bytes = 0;
  std::exception_ptr thrown = {};
  double stall_timeout = 0;  // s
  Clock::time_point last_byte = {};
  curl_off_t bytes = 0;
  bool stalled = false;
};

/// Called at least once a second. libcurl's own limit of speed is a mean over many seconds.
int on_progress(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) {
  Hop& hop = *static_cast<Hop*>(user);
  const auto now = Clock::now();
  if (std::exchange(hop.bytes, received) != received) hop.last_byte = now;
  hop.stalled = std::chrono::duration<double>(now - hop.last_byte).count() > hop.stall_timeout;
  return hop.stalled ? 1 : 0;
}

// libcurl is C: an exception must not pass through it.
template <class F>
std::size_t guarded(Hop& hop, std::size_t size, F&& f) {
  try {
    f();
    return size;
  } catch (...) {
    hop.thrown = std::current_exception();
    return 0;  // ends the transfer
  }
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  Hop& hop = *static_cast<Hop*>(user);
  return guarded(hop, size * count, [&] {
    const std::string_view line(data, size * count);
    hop.header_bytes += line.size();
    check_file(hop.header_bytes <= kMostHeaderBytes, "http: headers must have at most ", kMostHeaderBytes, " bytes (", hop.response.url, ")");
    if (line.starts_with("HTTP/")) {  // of a 100 Continue or a proxy's answer before
      hop.response.headers.clear();
      const std::size_t blank = line.find(' ');
      hop.response.status = blank == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(blank + 1, 3)).c_str());
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string& value = hop.response.headers[lower(trimmed(line.substr(0, colon)))];
    value += (value.empty() ? "" : ", ") + std::string(trimmed(line.substr(colon + 1)));
  });
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  Hop& hop = *static_cast<Hop*>(user);
  return guarded(hop, size * count, [&] {
    const std::string_view part(data, size * count);
    if (hop.response.status / 100 != 2) {
      hop.response.body += part.substr(0, kErrorText - std::min(kErrorText, hop.response.body.size()));
      return;
    }
    hop.body_bytes += static_cast<std::int64_t>(part.size());
    check_file(hop.body_bytes <= hop.request->limit, "http: the body of ", hop.response.url, " must have at most ", hop.request->limit,
               " bytes, got more");
    if (*hop.sink) (*hop.sink)(hop.response, part);
    else hop.response.body += part;
  });
}

bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY: return true;
    default: return false;
  }
}

void require_redirect(bool ok, const std::string& from, const std::string& to, std::string_view rule) {
  check_file(ok, "http: a redirect must ", rule, ", got ", from, " -> ", to);
}

}  // namespace

std::string HttpResponse::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

struct Http::Impl {
  Settings settings;
  CURL* curl = nullptr;

  explicit Impl(const Settings& given) : settings(given) {
    start_curl();
    curl = curl_easy_init();
    check_file(curl != nullptr, "http: libcurl makes no handle");
  }
  ~Impl() { curl_easy_cleanup(curl); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  template <class T>
  void set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(curl, option, value);
    check_file(code == CURLE_OK, "http: libcurl refuses option ", static_cast<int>(option), ": ", curl_easy_strerror(code));
  }

  void prepare(const HttpRequest& request, Hop& hop) {
    curl_easy_reset(curl);  // keeps the connections
    set(CURLOPT_URL, hop.response.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, cat("linnet/", version()).c_str());
    // Asks for none, and still undoes what a server does unasked.
    set(CURLOPT_ACCEPT_ENCODING, "identity");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::ceil(settings.connect_timeout * 1000)));
    hop.stall_timeout = settings.stall_timeout;
    hop.last_byte = Clock::now();
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, on_progress);
    set(CURLOPT_XFERINFODATA, &hop);
    if (!settings.certificates.empty()) set(CURLOPT_CAINFO, settings.certificates.c_str());
    if (request.head) set(CURLOPT_NOBODY, 1L);
    if (request.offset > 0) set(CURLOPT_RANGE, cat(request.offset, '-').c_str());
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, &hop);
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, &hop);
  }

  /// Sends to hop.response.url and fills the rest; gives where the answer redirects to, or nothing.
  std::string send(const HttpRequest& request, const std::string& authorization, Hop& hop) {
    prepare(request, hop);
    const std::string line = "Authorization: " + authorization;
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
        authorization.empty() ? nullptr : curl_slist_append(nullptr, line.c_str()), curl_slist_free_all);
    if (headers) set(CURLOPT_HTTPHEADER, headers.get());
    const CURLcode code = curl_easy_perform(curl);
    if (hop.thrown) std::rethrow_exception(hop.thrown);
    if (code != CURLE_OK) {
      long connect = 0;
      curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &connect);
      const bool reached = hop.response.status > 0 || connect > 0 || (code != CURLE_COULDNT_RESOLVE_HOST && code != CURLE_COULDNT_CONNECT);
      const std::string text =
          cat("http: ", hop.response.url,
              " must be reachable and answer as a whole, got: ", hop.stalled ? "nothing for too long" : curl_easy_strerror(code));
      if (hop.stalled || may_pass(code)) throw HttpFailure(text, reached);
      throw std::runtime_error(text);
    }
    const char* target = nullptr;
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &target);
    return hop.response.status / 100 == 3 && target ? target : "";
  }
};

Http::Http(const Settings& settings) : impl_(std::make_unique<Impl>(settings)) {}
Http::~Http() = default;
Http::Http(Http&&) noexcept = default;
Http& Http::operator=(Http&&) noexcept = default;

HttpResponse Http::send(const HttpRequest& request, const BodySink& sink) {
  std::string url = request.url, authorization = request.authorization;
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    Hop hop{.request = &request, .sink = &sink};
    hop.response.url = url;
    const std::string target = impl_->send(request, authorization, hop);
    if (target.empty()) {
      check_file(hop.response.status / 100 != 3, "http: a redirect must say where to, got status ", hop.response.status, " from ", url);
      return std::move(hop.response);
    }
    const std::string scheme = scheme_of(target);
    require_redirect(scheme == "http" || scheme == "https", url, target, "lead to http or https");
    require_redirect(scheme == "https" || scheme_of(url) == "http", url, target, "not lead from https to http");
    if (origin_of(target) != origin_of(url)) {
      if (request.head && hop.response.headers.contains(request.answer)) return std::move(hop.response);
      authorization.clear();  // for good: a host later in the chain could lead back
    }
    url = target;
  }
  throw std::runtime_error(cat("http: there must be at most ", kMostRedirects, " redirects, got more from ", request.url));
}

}  // namespace linnet::hub
