// failing: loaded with LD_PRELOAD, lets the n-th allocation fail that the driver's own code asks for: what lies in libiamodbc*.so, by itself or through libstdc++, where
// operator new is and strings grow. What curl, OpenSSL or a base driver allocates always succeeds.
//   fail_allocation(n)   the n-th from now on (1: the next) fails, and only it; 0: none. The driver has to be in the process.
//   allocations_seen()   how many the driver asked for since then; -1: it was not found
//   bytes_in_use()       what the whole program asked for and has not given back, its libraries included: exact, where malloc's own count is of pieces as it could cut them
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
extern void __libc_free(void* memory);

typedef struct {
  size_t size;
  uint64_t
      mark;  // where malloc itself has the size of a block, so that one of malloc's own is never taken for one of these
} Header;
_Static_assert(sizeof(Header) % 16 == 0, "what follows it is aligned for everything");

static const uint64_t mark = 0x6661696c696e6721;
static _Atomic long in_use = 0;

long bytes_in_use(void) {
  return atomic_load(&in_use);
}

static void* none(void) {
  errno = ENOMEM;
  return NULL;
}

static void* counted(size_t size) {
  if (size > PTRDIFF_MAX - sizeof(Header)) return none();
  Header* const header = __libc_malloc(sizeof(Header) + size);
  if (header == NULL) return NULL;
  *header = (Header){size, mark};
  atomic_fetch_add(&in_use, (long)size);
  return header + 1;
}

// Of a block that malloc below gave; null for what came from elsewhere (aligned_alloc).
static Header* header_of(void* memory) {
  Header* const header = (Header*)memory - 1;
  return header->mark == mark ? header : NULL;
}

void* malloc(size_t size) {
  return fails(__builtin_return_address(0)) ? none() : counted(size);
}

void* calloc(size_t count, size_t size) {
  if (fails(__builtin_return_address(0)) || (size != 0 && count > PTRDIFF_MAX / size)) return none();
  void* const memory = counted(count * size);
  return memory == NULL ? NULL : memset(memory, 0, count * size);
}

void free(void* memory) {
  if (memory == NULL) return;
  Header* const header = header_of(memory);
  if (header == NULL) {
    __libc_free(memory);
    return;
  }
  atomic_fetch_sub(&in_use, (long)header->size);
  header->mark = 0;
  __libc_free(header);
}

void* realloc(void* memory, size_t size) {
  if (fails(__builtin_return_address(0))) return none();
  if (memory != NULL && header_of(memory) == NULL) abort();  // of an aligned allocation, which nobody grows
  if (memory != NULL && size == 0) {
    free(memory);
    return NULL;
  }
  void* const moved = counted(size);
  if (moved == NULL || memory == NULL) return moved;
  const size_t before = header_of(memory)->size;
  memcpy(moved, memory, before < size ? before : size);
  free(memory);
  return moved;
}

size_t malloc_usable_size(void* memory) {
  return memory == NULL ? 0 : header_of(memory)->size;
}
