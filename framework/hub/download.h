#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "framework/hub/digest.h"
#include "framework/hub/http.h"

namespace linnet::hub {

/// What a download must come to, as far as it is known before.
struct Expected {
  std::int64_t size = -1;  ///< bytes; negative: unknown
  std::optional<DigestKind> kind = {};
  std::string digest = {};  ///< lower-case hexadecimal
};

/// Downloads to `partial`, which may hold what an earlier run left: that is gone on with if a digest, expected or in the
/// response (X-Goog-Hash), can prove the whole. Cuts are gone on with too. When it returns a response with status 200 or
/// 206, `partial` is whole: it has the size and the digest that are expected or that the response names, and has reached the
/// disk. Another status is the server's answer, and `partial` is gone or as it was. Throws HttpFailure when attempts are used
/// up (`partial` stays for the next run), std::runtime_error if size or digest are wrong twice (`partial` is removed) or the
/// disk is full. `name` is for progress and errors.
HttpResponse download(Http& http, const HttpRequest& request, const Expected& expected, const std::filesystem::path& partial, const std::string& name,
                      const Settings& settings);

/// Gives a whole file its name. Throws std::runtime_error naming it.
void commit(const std::filesystem::path& partial, const std::filesystem::path& target);
/// Makes the directory and those above it. Throws std::runtime_error naming it.
void make_directories(const std::filesystem::path& directory);

}  // namespace linnet::hub
