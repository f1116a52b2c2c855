#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace linnet::hub {

/// How far the transfer of one file is; `total` is 0 while it is not known, `done` equals it at the end.
struct Transfer {
  std::string file;
  std::int64_t done = 0, total = 0;  ///< bytes
};

/// Where hubs are, who asks, where their files are kept, how patient we are.
struct Settings {
  std::string kaggle_endpoint = "https://www.kaggle.com", hugging_face_endpoint = "https://huggingface.co";
  std::filesystem::path kaggle_cache, hugging_face_cache;
  std::string kaggle_token, kaggle_username, kaggle_key;  ///< a token, or a user's name and key; empty: none
  std::string hugging_face_token;
  std::string offline;                                 ///< what forbids the network, as errors name it; empty: nothing does
  std::string certificates;                            ///< PEM file of the authorities to trust; empty: the system's
  double connect_timeout = 10, stall_timeout = 30;     ///< seconds; a transfer stalls when no byte comes
  int attempts = 6;                                    ///< of a request in a row without any progress
  double first_wait = 0.5;                             ///< seconds before the second attempt; doubles each time
  std::function<void(const Transfer&)> progress = {};  ///< called several times a second

  /// As the environment says. Linnet's own variables: LINNET_CACHE (a directory for both caches, in place of those that
  /// Python's tools share), LINNET_OFFLINE, LINNET_HTTP_TIMEOUT (seconds), LINNET_HTTP_ATTEMPTS, LINNET_HTTP_WAIT (seconds).
  /// Of huggingface_hub: HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE,
  /// HF_HUB_DISABLE_IMPLICIT_TOKEN. Of kagglehub: KAGGLEHUB_CACHE, KAGGLE_API_ENDPOINT, KAGGLE_API_TOKEN, KAGGLE_USERNAME,
  /// KAGGLE_KEY, KAGGLE_CONFIG_DIR, and the files ~/.kaggle/access_token and kaggle.json. SSL_CERT_FILE names the authorities;
  /// libcurl obeys http_proxy, https_proxy and no_proxy. Throws std::runtime_error naming a variable or file that is wrong.
  static Settings from_environment();
};

/// "hub cannot be used": the reason and what helps.
[[noreturn]] void fail_offline(const Settings& settings, const std::string& what, const std::filesystem::path& cache);

}  // namespace linnet::hub
