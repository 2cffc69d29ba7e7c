// load_bench: how long a driver takes to load into a program that has the driver manager only, and what comes with it.
// Usage: load_bench COUNT BASE_DRIVER DRIVER
// Each load is in a process of its own; base driver alone, and iamodbc with the base driver after it, as a first connect
// loads them, take turns. In C, because a C++ program would have brought some of the libraries itself.
// Prints COUNT lines: microseconds of the one, tab, of the other; then `alone` and `through`, tab, and the names of the libraries
// that came with each.
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sql.h>
#include <sqlext.h>

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void load(const char* file) {
  if (dlopen(file, RTLD_NOW | RTLD_LOCAL)) return;
  fprintf(stderr, "%s\n", dlerror());
  _exit(3);
}

static int print_name(struct dl_phdr_info* info, size_t size, void* before) {
  (void)size;
  int* const skipped = before;
  if ((*skipped)-- > 0) return 0;  // the program's own come first
  const char* const slash = strrchr(info->dlpi_name, '/');
  printf(" %s", slash ? slash + 1 : info->dlpi_name);
  return 0;
}

static int count_one(struct dl_phdr_info* info, size_t size, void* count) {
  (void)info;
  (void)size;
  ++*(int*)count;
  return 0;
}

// Loads in a child, driver first if there is one; its time, or with `title` its libraries.
static double in_child(const char* base, const char* driver, const char* title) {
  int ends[2];
  double taken = 0;
  if (pipe(ends)) exit(3);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    int before = 0;
    dl_iterate_phdr(count_one, &before);
    const double start = microseconds();
    if (driver) load(driver);
    load(base);
    taken = microseconds() - start;
    if (title) {
      printf("%s\t", title);
      dl_iterate_phdr(print_name, &before);
      printf("\n");
      fflush(stdout);
    }
    _exit(write(ends[1], &taken, sizeof(taken)) != sizeof(taken));
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0 ||
      read(ends[0], &taken, sizeof(taken)) != sizeof(taken))
    exit(3);
  close(ends[0]);
  close(ends[1]);
  return taken;
}

int main(int count, char** arguments) {
  if (count != 4) return 2;
  SQLHENV env = SQL_NULL_HENV;
  SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env);
  const char* const base = arguments[2];
  const char* const driver = arguments[3];
  for (int i = 0; i < atoi(arguments[1]); ++i) {
    const double first = in_child(base, i % 2 ? driver : NULL, NULL);
    const double second = in_child(base, i % 2 ? NULL : driver, NULL);
    printf("%.1f\t%.1f\n", i % 2 ? second : first, i % 2 ? first : second);
  }
  in_child(base, NULL, "alone");
  in_child(base, driver, "through");
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  return 0;
}
