/* example.h: what the examples share: a runtime for main, checks that end the program, sockets on loopback. */
#ifndef NEWPROC_EXAMPLE_H
#define NEWPROC_EXAMPLE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <newproc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A call that cannot fail here, or the whole run ends with its sentence. */
#define MUST(call)                                                              \
  do {                                                                          \
    rt_status must_ = (call);                                                   \
    if (must_ != RT_OK) {                                                       \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, rt_last_error());      \
      rt_fatal(#call);                                                          \
    }                                                                           \
  } while (0)

static inline long argument(int argc, char **argv, int i, long otherwise) {
  return i < argc ? strtol(argv[i], NULL, 10) : otherwise;
}

/* Runs fn(arg) as main on `procs` Ps (0: as many as there are CPUs). The program's exit code. */
static inline int run_main(uint32_t procs, rt_func fn, void *arg) {
  rt_config config;
  rt_runtime *rt;
  rt_end end;
  rt_config_init(&config, sizeof config);
  if (procs != 0) config.procs = procs;
  if (rt_new(&config, &rt) != RT_OK) {
    fprintf(stderr, "%s\n", rt_last_error());
    return 1;
  }
  memset(&end, 0, sizeof end);
  end.struct_size = sizeof end;
  rt_start_main(rt, fn, arg, &end);
  if (end.exit_code != 0) fprintf(stderr, "%s\n", end.message);
  rt_delete(rt);
  return end.exit_code;
}

/* Asks for `want` open descriptors; how many there may be. */
static inline long open_files(long want) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  if (limit.rlim_cur < (rlim_t)want) {
    struct rlimit more = limit;
    more.rlim_cur = (rlim_t)want;
    if (more.rlim_max < more.rlim_cur) more.rlim_max = more.rlim_cur; /* root may */
    if (setrlimit(RLIMIT_NOFILE, &more) != 0) {
      more.rlim_cur = more.rlim_max = limit.rlim_max;
      setrlimit(RLIMIT_NOFILE, &more);
    }
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur > 1000000000 ? 1000000000 : (long)limit.rlim_cur;
}

/* A listening socket on 127.0.0.1; port 0: any, and *addr says which. -1: it cannot be had. */
static inline int listen_at(int port, struct sockaddr_in *addr) {
  const int one = 1;
  socklen_t len = sizeof *addr;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  memset(addr, 0, sizeof *addr);
  addr->sin_family = AF_INET;
  addr->sin_port = htons((uint16_t)port);
  addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)addr, sizeof *addr) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, (struct sockaddr *)addr, &len) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

/* The same as an rt_fd; NULL. [g] */
static inline rt_fd *listen_on(int port, struct sockaddr_in *addr) {
  rt_fd *f = NULL;
  const int fd = listen_at(port, addr);
  if (fd >= 0 && rt_fd_open(NULL, fd, 0, &f, NULL) != RT_OK) close(fd);
  return f;
}

static inline void no_delay(int fd) {
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

#endif
