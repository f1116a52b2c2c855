#include "framework/hub/settings.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "framework/config/json_value.h"
#include "framework/core/error.h"
#include "framework/io/atomic_file.h"

namespace linnet::hub {
namespace {

constexpr std::int64_t kLongestSecretFile = 1 << 16;

/// The variable's value; empty if it is not set.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string first_of(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (std::string value = variable(name); !value.empty()) return value;
  return {};
}

bool is_true(const char* name) {
  std::string value = variable(name);
  std::ranges::transform(value, value.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return value == "1" || value == "true" || value == "t" || value == "yes" || value == "y" || value == "on";
}

std::filesystem::path home() { return variable("HOME").empty() ? "." : variable("HOME"); }

std::filesystem::path expanded(const std::string& path) {
  return path == "~" || path.starts_with("~/") ? home() / path.substr(std::min<std::size_t>(2, path.size())) : std::filesystem::path(path);
}

double number(const char* name, double fallback, double least, double most) {
  const std::string text = variable(name);
  if (text.empty()) return fallback;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  check_file(error == std::errc() && end == text.data() + text.size() && value >= least && value <= most, name, ": must be a number from ", least,
             " to ", most, ", got '", text, "'");
  return value;
}

/// A secret must not be able to end its header line and begin another.
std::string secret(std::string text, const std::string& source) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.erase(0, std::min(text.find_first_not_of(kBlank), text.size()));
  text.erase(text.find_last_not_of(kBlank) + 1);
  check_file(std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; }), source, ": a token must be of printable ASCII characters");
  return text;
}

std::string secret_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return {};
  return secret(read_text(file, kLongestSecretFile), file.string());
}

// Order and names: huggingface_hub 2.4, utils/_auth.py and constants.py.
void read_hugging_face(Settings& settings) {
  if (const std::string endpoint = variable("HF_ENDPOINT"); !endpoint.empty()) settings.hugging_face_endpoint = endpoint;
  const std::string cache_home = variable("XDG_CACHE_HOME");
  const std::string hf_home = variable("HF_HOME");
  const std::filesystem::path root =
      hf_home.empty() ? (cache_home.empty() ? home() / ".cache" : expanded(cache_home)) / "huggingface" : expanded(hf_home);
  const std::string cache = first_of({"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"});
  settings.hugging_face_cache = cache.empty() ? root / "hub" : expanded(cache);
  if (is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return;
  settings.hugging_face_token = secret(first_of({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}), "HF_TOKEN");
  if (!settings.hugging_face_token.empty()) return;
  const std::string token_path = variable("HF_TOKEN_PATH");
  settings.hugging_face_token = secret_file(token_path.empty() ? root / "token" : expanded(token_path));
}

// Order and names: kagglehub 1.0, config.py and cache.py, and kagglesdk's kaggle_env.py; the endpoint's from kagglehub 0.3.
void read_kaggle(Settings& settings) {
  if (const std::string endpoint = variable("KAGGLE_API_ENDPOINT"); !endpoint.empty()) settings.kaggle_endpoint = endpoint;
  const std::string cache = variable("KAGGLEHUB_CACHE");
  settings.kaggle_cache = cache.empty() ? home() / ".cache" / "kagglehub" : expanded(cache);
  if (const std::string token = variable("KAGGLE_API_TOKEN"); !token.empty()) {
    std::error_code error;
    const bool file = std::filesystem::is_regular_file(token, error);
    settings.kaggle_token = file ? secret_file(token) : secret(token, "KAGGLE_API_TOKEN");
  } else {
    settings.kaggle_token = secret_file(home() / ".kaggle" / "access_token");
  }
  if (!settings.kaggle_token.empty()) return;
  settings.kaggle_username = secret(variable("KAGGLE_USERNAME"), "KAGGLE_USERNAME");
  settings.kaggle_key = secret(variable("KAGGLE_KEY"), "KAGGLE_KEY");
  if (!settings.kaggle_username.empty() && !settings.kaggle_key.empty()) return;
  const std::string directory = variable("KAGGLE_CONFIG_DIR");
  const std::filesystem::path file = (directory.empty() ? home() / ".kaggle" : expanded(directory)) / "kaggle.json";
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return;
  const JsonValue json = JsonValue::parse(read_text(file, kLongestSecretFile), file.string());
  settings.kaggle_username = secret(json.at("username").text(), file.string());
  settings.kaggle_key = secret(json.at("key").text(), file.string());
}

void check_endpoint(std::string& endpoint, const char* name) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  check_file(endpoint.starts_with("https://") || endpoint.starts_with("http://"), name, ": must begin with https:// or http://, got '", endpoint,
             "'");
}

}  // namespace

Settings Settings::from_environment() {
  Settings settings;
  read_hugging_face(settings);
  read_kaggle(settings);
  check_endpoint(settings.hugging_face_endpoint, "HF_ENDPOINT");
  check_endpoint(settings.kaggle_endpoint, "KAGGLE_API_ENDPOINT");
  if (const std::string cache = variable("LINNET_CACHE"); !cache.empty()) {
    settings.hugging_face_cache = expanded(cache) / "huggingface";
    settings.kaggle_cache = expanded(cache) / "kagglehub";
  }
  for (const char* name : {"LINNET_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"})
    if (settings.offline.empty() && is_true(name)) settings.offline = name;
  settings.certificates = variable("SSL_CERT_FILE");
  settings.stall_timeout = number("LINNET_HTTP_TIMEOUT", settings.stall_timeout, 1, 3600);
  settings.connect_timeout = std::min(settings.connect_timeout, settings.stall_timeout);
  settings.attempts = static_cast<int>(number("LINNET_HTTP_ATTEMPTS", settings.attempts, 1, 100));
  settings.first_wait = number("LINNET_HTTP_WAIT", settings.first_wait, 0, 60);
  return settings;
}

void fail_offline(const Settings& settings, const std::string& what, const std::filesystem::path& cache) {
  throw std::runtime_error(
      cat("fetch: ", what, " must be in ", cache.string(), " while ", settings.offline, " is set (unset it, or fetch once with network)"));
}

}  // namespace linnet::hub
