// Errors with the name PyTorch gives them. The binding turns them into the JavaScript class of that name.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace weightroom {

enum class ErrorKind { runtime, index, value, type, not_implemented };

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind(kind) {}
  ErrorKind kind;
};

template <typename... Args> std::string concat(const Args&... args) {
  std::ostringstream s;
  (s << ... << args);
  return s.str();
}
template <typename... Args> [[noreturn]] void fail(const Args&... args) { throw Error(ErrorKind::runtime, concat(args...)); }
template <typename... Args> [[noreturn]] void fail_index(const Args&... args) { throw Error(ErrorKind::index, concat(args...)); }
template <typename... Args> [[noreturn]] void fail_value(const Args&... args) { throw Error(ErrorKind::value, concat(args...)); }
template <typename... Args> [[noreturn]] void fail_type(const Args&... args) { throw Error(ErrorKind::type, concat(args...)); }
template <typename... Args> [[noreturn]] void fail_not_implemented(const Args&... args) {
  throw Error(ErrorKind::not_implemented, concat(args...));
}
template <typename... Args> void check(bool ok, const Args&... args) {
  if (!ok) [[unlikely]] fail(args...);
}

}  // namespace weightroom
