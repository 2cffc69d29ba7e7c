// failing: loaded with LD_PRELOAD, lets the n-th allocation fail that the driver's own code asks for: what lies in libiamodbc*.so, by itself or through libstdc++, where
// operator new is and strings grow. What curl, OpenSSL or a base driver allocates always succeeds.
//   fail_allocation(n)   the n-th from now on (1: the next) fails, and only it; 0: none. The driver has to be in the process.
//   allocations_seen()   how many the driver asked for since then; -1: it was not found
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

typedef struct {
  uintptr_t from, to;
} Range;

static _Atomic long planned = 0, seen = 0;
static _Atomic int is_armed = 0;
enum { driver, cxx, libraries };
static Range codes[libraries];

// The executable part of each.
static int find_code(struct dl_phdr_info* info, size_t size, void* unused) {
  (void)size;
  (void)unused;
  static const char* const names[libraries] = {"/libiamodbc", "/libstdc++"};
  const char* const slash = strrchr(info->dlpi_name, '/');
  int which = 0;
  while (which < libraries && (slash == NULL || strncmp(slash, names[which], strlen(names[which])) != 0)) ++which;
  if (which == libraries) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* const part = &info->dlpi_phdr[i];
    if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0)
      codes[which] = (Range){info->dlpi_addr + part->p_vaddr, info->dlpi_addr + part->p_vaddr + part->p_memsz};
  }
  return 0;
}

void fail_allocation(long number) {
  atomic_store(&is_armed, 0);
  dl_iterate_phdr(find_code, NULL);
  atomic_store(&planned, number);
  atomic_store(&seen, 0);
  atomic_store(&is_armed, codes[driver].from != 0);
}

long allocations_seen(void) {
  return codes[driver].from == 0 ? -1 : atomic_load(&seen);
}

static int is_in(int which, uintptr_t at) {
  return at >= codes[which].from && at < codes[which].to;
}

typedef struct {
  int has_met_cxx, is_ours;
} Climb;

static _Unwind_Reason_Code climb(struct _Unwind_Context* context, void* argument) {
  Climb* const climbed = argument;
  const uintptr_t at = _Unwind_GetIP(context);
  if (is_in(cxx, at)) climbed->has_met_cxx = 1;
  if (is_in(cxx, at) || !climbed->has_met_cxx) return _URC_NO_REASON;  // this library's own frames come first
  climbed->is_ours = is_in(driver, at);
  return _URC_END_OF_STACK;
}

static int fails(const void* caller) {
  if (!atomic_load(&is_armed)) return 0;
  int is_ours = is_in(driver, (uintptr_t)caller);
  if (is_in(cxx, (uintptr_t)caller)) {  // a string that grows: whose?
    Climb climbed = {0, 0};
    _Unwind_Backtrace(climb, &climbed);
    is_ours = climbed.is_ours;
  }
  return is_ours && atomic_fetch_add(&seen, 1) + 1 == atomic_load(&planned);
}

// ---- what they replace ----

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* memory, size_t size);

static void* none(void) {
  errno = ENOMEM;
  return NULL;
}

void* malloc(size_t size) {
  return fails(__builtin_return_address(0)) ? none() : __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  return fails(__builtin_return_address(0)) ? none() : __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  return fails(__builtin_return_address(0)) ? none() : __libc_realloc(memory, size);
}
