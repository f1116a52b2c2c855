#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "framework/hub/http.h"

namespace linnet::hub {
namespace {

constexpr double kLongestPause = 60;  // s
constexpr int kAttemptsUnconnected = 3;

}  // namespace

bool is_passing(int status) { return status == 408 || status == 429 || status >= 500; }

double pause_before(int attempt, const Settings& settings, const HttpResponse* response) {
  const double own = settings.first_wait * std::pow(2, attempt - 1);
  // The header's other form, a date, is not worth a parser here.
  const double asked = response ? std::atof(response->header("retry-after").c_str()) : 0;
  return std::clamp(asked, std::min(own, kLongestPause), kLongestPause);
}

HttpResponse send_patiently(Http& http, const HttpRequest& request, const Settings& settings) {
  for (int attempt = 1;; ++attempt) {
    double pause = 0;
    try {
      HttpResponse response = http.send(request);
      if (!is_passing(response.status) || attempt >= settings.attempts) return response;
      pause = pause_before(attempt, settings, &response);
    } catch (const HttpFailure& failure) {
      if (attempt >= (failure.connected ? settings.attempts : std::min(settings.attempts, kAttemptsUnconnected))) throw;
      pause = pause_before(attempt, settings, nullptr);
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(pause));
  }
}

}  // namespace linnet::hub
