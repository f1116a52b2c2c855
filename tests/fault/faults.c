/* Preloaded into a program, it lets system calls on files fail, or the clocks jump.
 *
 *   FAULT_PATH    files below this directory are meant, no others
 *   FAULT_CALL    open, read, write, fsync, close, rename, mmap, truncate or mkdir
 *   FAULT_NUMBER  which of them fails, from 1; 0: none
 *   FAULT_ERRNO   how: a number of errno.h, or 0: a read or write of half of the bytes
 *   FAULT_REPEAT  1: all that follow fail as well
 *   FAULT_LOG     where the number of calls of each kind is written at the end
 *   FAULT_CLOCK   1: every clock leaps, by up to 30 years either way, whenever it is read
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum call { OPEN, READ, WRITE, FSYNC, CLOSE, RENAME, MMAP, TRUNCATE, MKDIR, CALLS };
static const char* const names[CALLS] = {"open", "read", "write", "fsync", "close", "rename", "mmap", "truncate", "mkdir"};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counts[CALLS];

static long number(const char* name) {
  const char* text = getenv(name);
  return text ? atol(text) : 0;
}

static int below(const char* path) {
  const char* root = getenv("FAULT_PATH");
  return root && path && strncmp(path, root, strlen(root)) == 0;
}

static int names_below(int descriptor) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  return below(path);
}

/* Counts a call on a file that is meant. Nonzero if it is to fail. */
static int fails(enum call call, int meant) {
  const int saved = errno;
  if (!meant) return 0;
  pthread_mutex_lock(&mutex);
  const long count = ++counts[call];
  pthread_mutex_unlock(&mutex);
  const char* chosen = getenv("FAULT_CALL");
  const long which = number("FAULT_NUMBER");
  errno = saved;
  return chosen && strcmp(chosen, names[call]) == 0 && which > 0 && (count == which || (count > which && number("FAULT_REPEAT")));
}

static int failed(void) {
  errno = (int)number("FAULT_ERRNO");
  return -1;
}

__attribute__((destructor)) static void report(void) {
  const char* log = getenv("FAULT_LOG");
  FILE* file = log ? fopen(log, "a") : NULL;
  if (!file) return;
  for (int i = 0; i < CALLS; ++i) fprintf(file, "%s %ld\n", names[i], counts[i]);
  fclose(file);
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

static int open_mode(int flags, va_list arguments) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0; }

#define OPENS(name)                                                        \
  int name(const char* path, int flags, ...) {                             \
    va_list arguments;                                                     \
    va_start(arguments, flags);                                            \
    const int mode = open_mode(flags, arguments);                          \
    va_end(arguments);                                                     \
    if (fails(OPEN, below(path))) return failed();                         \
    return REAL(int, name, const char*, int, ...)(path, flags, mode);      \
  }
OPENS(open)
OPENS(open64)

/* Half of the bytes: legal, if rare. A write of one byte is whole. */
static size_t shorter(size_t size) { return size > 1 ? size / 2 : size; }

ssize_t write(int descriptor, const void* data, size_t size) {
  if (fails(WRITE, names_below(descriptor))) {
    if (number("FAULT_ERRNO") != 0) return failed();
    size = shorter(size);
  }
  return REAL(ssize_t, write, int, const void*, size_t)(descriptor, data, size);
}

#define PWRITES(name, offset_type)                                                                   \
  ssize_t name(int descriptor, const void* data, size_t size, offset_type at) {                      \
    if (fails(WRITE, names_below(descriptor))) {                                                     \
      if (number("FAULT_ERRNO") != 0) return failed();                                               \
      size = shorter(size);                                                                          \
    }                                                                                                \
    return REAL(ssize_t, name, int, const void*, size_t, offset_type)(descriptor, data, size, at);   \
  }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)

ssize_t read(int descriptor, void* data, size_t size) {
  if (fails(READ, names_below(descriptor))) {
    if (number("FAULT_ERRNO") != 0) return failed();
    size = shorter(size);
  }
  return REAL(ssize_t, read, int, void*, size_t)(descriptor, data, size);
}

#define PREADS(name, offset_type)                                                             \
  ssize_t name(int descriptor, void* data, size_t size, offset_type at) {                     \
    if (fails(READ, names_below(descriptor))) {                                               \
      if (number("FAULT_ERRNO") != 0) return failed();                                        \
      size = shorter(size);                                                                   \
    }                                                                                         \
    return REAL(ssize_t, name, int, void*, size_t, offset_type)(descriptor, data, size, at);  \
  }
PREADS(pread, off_t)
PREADS(pread64, off64_t)

ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  if (fails(WRITE, names_below(descriptor))) {
    if (number("FAULT_ERRNO") != 0) return failed();
    count = 1;
  }
  return REAL(ssize_t, writev, int, const struct iovec*, int)(descriptor, parts, count);
}

int fsync(int descriptor) { return fails(FSYNC, names_below(descriptor)) ? failed() : REAL(int, fsync, int)(descriptor); }

/* A descriptor is closed even if close() reports an error: it tells of an earlier write, so it must be open for writing. */
int close(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  const int meant = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && names_below(descriptor);
  const int result = REAL(int, close, int)(descriptor);
  return fails(CLOSE, meant) ? failed() : result;
}

int rename(const char* from, const char* to) {
  return fails(RENAME, below(to)) ? failed() : REAL(int, rename, const char*, const char*)(from, to);
}

int mkdir(const char* path, mode_t mode) { return fails(MKDIR, below(path)) ? failed() : REAL(int, mkdir, const char*, mode_t)(path, mode); }

#define TRUNCATES(name, offset_type)                                                                                     \
  int name(int descriptor, offset_type size) {                                                                           \
    return fails(TRUNCATE, names_below(descriptor)) ? failed() : REAL(int, name, int, offset_type)(descriptor, size);    \
  }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

#define MMAPS(name, offset_type)                                                                                       \
  void* name(void* address, size_t size, int protection, int flags, int descriptor, offset_type at) {                  \
    if (descriptor >= 0 && fails(MMAP, names_below(descriptor))) {                                                     \
      failed();                                                                                                        \
      return MAP_FAILED;                                                                                               \
    }                                                                                                                  \
    return (void*)syscall(SYS_mmap, address, size, protection, flags, descriptor, at);                                 \
  }
MMAPS(mmap, off_t)
MMAPS(mmap64, off64_t)

/* Leaps that a sequence of multiplications decides: large, both ways, the same in every run. */
static long leap(void) {
  static unsigned long state = 1;
  if (!number("FAULT_CLOCK")) return 0;
  state = state * 6364136223846793005ul + 1442695040888963407ul;
  return (long)(state >> 33) % 2000000000 - 1000000000;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = (int)syscall(SYS_clock_gettime, clock, now);
  now->tv_sec += leap();
  return result;
}

time_t time(time_t* result) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  now.tv_sec += leap();
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}
