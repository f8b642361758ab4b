/* Both sides of the same framing in C, as the limit: length and body, small messages written
 * together, blocking sockets. It speaks the language of ../side.mjs on its standard streams.
 *
 *   pair receive SIZE ECHO
 *   pair send    SIZE PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
  LENGTH_BYTES = 4,
  COPY_LIMIT = 8192,
  BATCH_BYTES = 128 * 1024,
  READ_BYTES = 256 * 1024,
  CLOCK_EVERY = 64,
  /* Round trips of one ping-for; more are not kept. */
  MOST_TRIPS = 1 << 21,
};

static uint32_t size;
static int fd;
static uint32_t number; /* of the next message to send, or to arrive */

static void fail(const char *what) {
  printf("{\"failed\":\"%s: %s\"}\n", what, strerror(errno));
  fflush(stdout);
  exit(1);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Of /proc/self/status. getrusage's maxrss begins with what the harness had when it started us. */
static long status_kib(const char *name) {
  char line[128];
  long kib = 0;
  FILE *status = fopen("/proc/self/status", "r");
  if (status == NULL) fail("/proc/self/status");
  while (fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, name, strlen(name)) == 0) kib = atol(line + strlen(name));
  fclose(status);
  return kib;
}

static void tell_usage(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  double cpu_ms = (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 +
                  (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;
  printf("{\"usage\":{\"cpuMs\":%.3f,\"peakKib\":%ld,\"nowKib\":%ld,\"startKib\":0}}\n", cpu_ms,
         status_kib("VmHWM:"), status_kib("VmRSS:"));
}

static void no_delay(void) {
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) fail("setsockopt");
}

static void write_all(struct iovec *parts, int count) {
  while (count > 0) {
    ssize_t n = writev(fd, parts, count);
    if (n < 0) fail("writev");
    while (count > 0 && (size_t)n >= parts->iov_len) {
      n -= parts->iov_len;
      parts++;
      count--;
    }
    if (count > 0) {
      parts->iov_base = (char *)parts->iov_base + n;
      parts->iov_len -= n;
    }
  }
}

static void write_bytes(void *bytes, size_t length) {
  struct iovec part = {bytes, length};
  write_all(&part, 1);
}

static void read_all(char *target, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t n = read(fd, target + at, length - at);
    if (n <= 0) fail("read");
    at += n;
  }
}

/* The sender */

static char batch[BATCH_BYTES];
static size_t used;
static char *message;

static void flush_batch(void) {
  if (used > 0) write_bytes(batch, used);
  used = 0;
}

static void put_message(void) {
  uint32_t header[2] = {size, number++};
  memcpy(message, &header[1], 4);
  if (size > COPY_LIMIT) {
    struct iovec parts[2] = {{header, LENGTH_BYTES}, {message, size}};
    write_all(parts, 2);
    return;
  }
  if (BATCH_BYTES - used < LENGTH_BYTES + size) flush_batch();
  memcpy(batch + used, header, LENGTH_BYTES);
  memcpy(batch + used + LENGTH_BYTES, message, size);
  used += LENGTH_BYTES + size;
}

static void send_count(uint64_t count) {
  for (uint64_t n = 0; n < count; n++) put_message();
  flush_batch();
  printf("{\"sent\":%llu}\n", (unsigned long long)count);
}

static void send_for(double ms) {
  uint64_t count = 0;
  double end = now_ms() + ms;
  while (count % CLOCK_EVERY != 0 || now_ms() < end) {
    put_message();
    count++;
  }
  flush_batch();
  printf("{\"sent\":%llu}\n", (unsigned long long)count);
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void ping_for(double ms) {
  static double trips[MOST_TRIPS];
  char *answer = malloc(LENGTH_BYTES + size);
  size_t count = 0;
  double start = now_ms(), end = start + ms;
  while (start < end && count < MOST_TRIPS) {
    put_message();
    flush_batch();
    read_all(answer, LENGTH_BYTES + size);
    if (memcmp(answer + LENGTH_BYTES, message, 4) != 0) fail("the wrong answer came");
    double at = now_ms();
    trips[count++] = (at - start) * 1e3;
    start = at;
  }
  free(answer);
  qsort(trips, count, sizeof trips[0], by_size);
  printf("{\"pinged\":{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"messages\":%zu}}\n",
         trips[count / 2], trips[count * 99 / 100], trips[count * 999 / 1000], count);
}

static void dial(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  no_delay();
}

static void send_side(int port) {
  char line[128];
  message = calloc(1, size);
  dial(port);
  printf("{\"ready\":{},\"connected\":true}\n");
  while (fgets(line, sizeof line, stdin) != NULL) {
    unsigned long long count;
    double ms;
    if (sscanf(line, "send %llu", &count) == 1) send_count(count);
    else if (sscanf(line, "send-for %lf", &ms) == 1) send_for(ms);
    else if (sscanf(line, "ping-for %lf", &ms) == 1) ping_for(ms);
    else if (strncmp(line, "usage", 5) == 0) tell_usage();
    else fail("an unknown command");
  }
}

/* The receiver */

static uint64_t arrived, target = UINT64_MAX;
static double first_ms;

static void finish(void) {
  printf("{\"arrived\":{\"messages\":%llu,\"ms\":%.6f}}\n", (unsigned long long)arrived,
         now_ms() - first_ms);
  fflush(stdout);
  arrived = 0;
  target = UINT64_MAX;
}

static void take(const char *body, uint32_t length) {
  uint32_t found;
  memcpy(&found, body, 4);
  errno = EBADMSG;
  if (length != size || found != number) fail("a wrong message arrived");
  number++;
  if (arrived++ == 0) first_ms = now_ms();
  if (arrived == target) finish();
}

/* What is left of an unfinished message moves to the front; a large one is read to its end. */
static void receive_some(int echo) {
  static char buffer[READ_BYTES];
  static size_t held;
  static char *large;
  if (large == NULL) large = malloc(size);
  ssize_t n = read(fd, buffer + held, READ_BYTES - held);
  if (n <= 0) exit(0);
  if (echo) {
    write_bytes(buffer, n);
    return;
  }
  size_t end = held + n, at = 0;
  while (end - at >= LENGTH_BYTES) {
    uint32_t length;
    memcpy(&length, buffer + at, LENGTH_BYTES);
    size_t there = end - at - LENGTH_BYTES;
    if (length > there) {
      if (length != size || length <= COPY_LIMIT) break;
      memcpy(large, buffer + at + LENGTH_BYTES, there);
      read_all(large + there, length - there);
      take(large, length);
      at = end;
      break;
    }
    take(buffer + at + LENGTH_BYTES, length);
    at += LENGTH_BYTES + length;
  }
  held = end - at;
  memmove(buffer, buffer + at, held);
}

static void obey_receiver(char *line) {
  unsigned long long count;
  if (strncmp(line, "usage", 5) == 0) tell_usage();
  else if (sscanf(line, "expect %llu", &count) == 1) {
    printf("{\"expecting\":%llu}\n", count);
    target = count;
    if (arrived == target) finish();
    errno = EBADMSG;
    if (arrived > target && target != UINT64_MAX) fail("more arrived than was sent");
  } else fail("an unknown command");
}

static void receive_side(int echo) {
  struct sockaddr_in own = {.sin_family = AF_INET};
  socklen_t length = sizeof own;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&own, sizeof own) < 0) fail("bind");
  if (listen(listener, 1) < 0) fail("listen");
  if (getsockname(listener, (struct sockaddr *)&own, &length) < 0) fail("getsockname");
  printf("{\"ready\":{\"port\":%d},\"connected\":true}\n", ntohs(own.sin_port));
  fd = accept(listener, NULL, NULL);
  if (fd < 0) fail("accept");
  no_delay();
  /* Lines come one at a time, each after the answer to the last, so that stdio holds none back. */
  struct pollfd both[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
  for (;;) {
    if (poll(both, 2, -1) < 0) fail("poll");
    if (both[1].revents != 0) receive_some(echo);
    if (both[0].revents != 0) {
      char line[128];
      if (fgets(line, sizeof line, stdin) == NULL) return;
      obey_receiver(line);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  size = strtoul(argv[2], NULL, 10);
  if (strcmp(argv[1], "send") == 0) send_side(atoi(argv[3]));
  else receive_side(atoi(argv[3]));
  return 0;
}
