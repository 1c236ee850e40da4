/* Makes one system call of this process fail, or ends the process before it; loaded by LD_PRELOAD.

   Between `brinery_arm(at, error, lasting)` and `brinery_disarm()` the calls below are counted. The one of the number
   `at` fails with `error`, and with `lasting` so does every one after it; an error of -1 is kill -9 instead.
   What closes a descriptor closes it all the same, as the kernel does. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int armed, counted;
static int fail_at, fail_with, lasts;
static char failed[32];

void brinery_arm(int at, int error, int lasting)
{
    fail_at = at;
    fail_with = error;
    lasts = lasting;
    failed[0] = 0;
    counted = 0;
    armed = 1;
}

int brinery_disarm(void)
{
    armed = 0;
    return counted;
}

const char *brinery_failed(void)
{
    return failed;
}

static int fails(const char *name)
{
    if (!armed)
        return 0;
    int number = ++counted;
    if (!fail_at || number < fail_at || (number > fail_at && !lasts))
        return 0;
    if (fail_with < 0)
        kill(getpid(), SIGKILL);
    if (number == fail_at)
        strncpy(failed, name, sizeof failed - 1);
    errno = fail_with;
    return 1;
}

#define REAL(name, type) \
    static type real; \
    if (!real) \
    real = (type)dlsym(RTLD_NEXT, #name)

#define FAILING(result, error, name, parameters, arguments) \
    result name parameters \
    { \
        typedef result(*type) parameters; \
        REAL(name, type); \
        return fails(#name) ? (result)(error) : real arguments; \
    }

#define MODE(after) \
    va_list rest; \
    va_start(rest, after); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest)

#define OPENING(name) \
    int name(const char *path, int flags, ...) \
    { \
        typedef int (*type)(const char *, int, ...); \
        REAL(name, type); \
        MODE(flags); \
        return fails(#name) ? -1 : real(path, flags, mode); \
    }

#define OPENING_AT(name) \
    int name(int folder, const char *path, int flags, ...) \
    { \
        typedef int (*type)(int, const char *, int, ...); \
        REAL(name, type); \
        MODE(flags); \
        return fails(#name) ? -1 : real(folder, path, flags, mode); \
    }

OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)

FAILING(ssize_t, -1, read, (int fd, void *to, size_t size), (fd, to, size))
FAILING(ssize_t, -1, pread64, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))
FAILING(ssize_t, -1, preadv64, (int fd, const struct iovec *to, int count, off64_t at), (fd, to, count, at))
FAILING(ssize_t, -1, preadv64v2, (int fd, const struct iovec *to, int count, off64_t at, int how), (fd, to, count, at, how))
FAILING(ssize_t, -1, write, (int fd, const void *from, size_t size), (fd, from, size))
FAILING(ssize_t, -1, writev, (int fd, const struct iovec *from, int count), (fd, from, count))
FAILING(ssize_t, -1, pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
FAILING(int, -1, fstat64, (int fd, struct stat64 *to), (fd, to))
FAILING(int, -1, stat64, (const char *path, struct stat64 *to), (path, to))
FAILING(int, -1, lstat64, (const char *path, struct stat64 *to), (path, to))
FAILING(int, -1, fstatat64, (int folder, const char *path, struct stat64 *to, int how), (folder, path, to, how))
FAILING(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
FAILING(int, -1, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode))
FAILING(int, -1, chmod, (const char *path, mode_t mode), (path, mode))
FAILING(int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
FAILING(int, -1, fchmodat, (int folder, const char *path, mode_t mode, int how), (folder, path, mode, how))
FAILING(int, -1, unlink, (const char *path), (path))
FAILING(int, -1, unlinkat, (int folder, const char *path, int how), (folder, path, how))
FAILING(int, -1, rename, (const char *from, const char *to), (from, to))
FAILING(int, -1, renameat, (int folder, const char *from, int other, const char *to), (folder, from, other, to))
FAILING(int, -1, link, (const char *from, const char *to), (from, to))
FAILING(int, -1, linkat, (int folder, const char *from, int other, const char *to, int how), (folder, from, other, to, how))
FAILING(ssize_t, -1, readlink, (const char *path, char *to, size_t size), (path, to, size))
FAILING(int, -1, flock, (int fd, int how), (fd, how))
FAILING(int, -1, ftruncate64, (int fd, off64_t size), (fd, size))
FAILING(int, -1, futimens, (int fd, const struct timespec to[2]), (fd, to))
FAILING(int, -1, utimensat, (int folder, const char *path, const struct timespec to[2], int how), (folder, path, to, how))
FAILING(int, -1, access, (const char *path, int how), (path, how))
FAILING(int, -1, faccessat, (int folder, const char *path, int mode, int how), (folder, path, mode, how))
FAILING(int, -1, fsync, (int fd), (fd))
FAILING(int, -1, dup, (int fd), (fd))
FAILING(DIR *, 0, opendir, (const char *path), (path))
FAILING(DIR *, 0, fdopendir, (int fd), (fd))
FAILING(struct dirent64 *, 0, readdir64, (DIR *folder), (folder))
FAILING(ssize_t, -1, getrandom, (void *to, size_t size, unsigned how), (to, size, how))

int close(int fd)
{
    typedef int (*type)(int);
    REAL(close, type);
    int fails_now = fails("close");
    int result = real(fd);
    if (!fails_now)
        return result;
    errno = fail_with;
    return -1;
}
