// hoarding: loaded with LD_PRELOAD, keeps every block of memory that the program gives back as it was then, so that what was not wiped before stays to be found; and
// knows who asked for each.
//   blocks_with(text, told, size)   in which libraries' blocks, given back or not, the bytes of `text` stand: "libpq.so.5=2 iamodbc=1", into `told`. What C++ asks for
//                                   is iamodbc's, because all below it is C.
// Only for programs that end soon.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void* __libc_malloc(size_t size);

typedef struct Block {
  struct Block* before;
  const void* asker;
  size_t size;
  uint64_t mark;
} Block;
_Static_assert(sizeof(Block) % 16 == 0, "what follows it is aligned for everything");

static const uint64_t mark = 0x686f617264696e67;
static _Atomic(Block*) last = NULL;

static void* kept(size_t size, const void* asker) {
  if (size > PTRDIFF_MAX - sizeof(Block)) return NULL;
  Block* const block = __libc_malloc(sizeof(Block) + size);
  if (block == NULL) return NULL;
  block->asker = asker;
  block->size = size;
  block->mark = mark;
  block->before = atomic_load(&last);
  while (!atomic_compare_exchange_weak(&last, &block->before, block)) continue;
  return block + 1;
}

void* malloc(size_t size) {
  return kept(size, __builtin_return_address(0));
}

void* calloc(size_t count, size_t size) {
  if (size != 0 && count > PTRDIFF_MAX / size) return NULL;
  void* const memory = kept(count * size, __builtin_return_address(0));
  if (memory != NULL) memset(memory, 0, count * size);
  return memory;
}

void free(void* memory) {
  (void)memory;
}

void* realloc(void* memory, size_t size) {
  void* const moved = kept(size, __builtin_return_address(0));
  if (memory == NULL || moved == NULL) return moved;
  const Block* const block = (const Block*)memory - 1;
  if (block->mark != mark) abort();  // of an aligned allocation, which nobody grows
  memcpy(moved, memory, block->size < size ? block->size : size);
  return moved;
}

char* strndup(const char* text, size_t most) {
  const size_t length = strnlen(text, most);
  char* const copy = kept(length + 1, __builtin_return_address(0));
  if (copy == NULL) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

char* strdup(const char* text) {
  const size_t length = strlen(text);
  char* const copy = kept(length + 1, __builtin_return_address(0));
  return copy == NULL ? NULL : memcpy(copy, text, length + 1);
}

static const char* name_of(const void* asker) {
  Dl_info info;
  if (dladdr(asker, &info) == 0 || info.dli_fname == NULL) return "unknown";
  const char* const slash = strrchr(info.dli_fname, '/');
  const char* const name = slash != NULL ? slash + 1 : info.dli_fname;
  const int is_ours =
      strncmp(name, "libiamodbc", strlen("libiamodbc")) == 0 || strncmp(name, "libstdc++", strlen("libstdc++")) == 0;
  return is_ours ? "iamodbc" : name;
}

void blocks_with(const char* text, char* told, size_t size) {
  enum { most = 32 };
  struct {
    const char* name;
    int count;
  } askers[most] = {{NULL, 0}};
  const size_t length = strlen(text);
  for (const Block* block = atomic_load(&last); block != NULL; block = block->before) {
    const char* at = (const char*)(block + 1);
    size_t left = block->size;
    const char* found = NULL;
    while (length > 0 && (found = memmem(at, left, text, length)) != NULL) {
      left -= (size_t)(found - at) + length;
      at = found + length;
      const char* const name = name_of(block->asker);
      int i = 0;
      while (i < most - 1 && askers[i].name != NULL && strcmp(askers[i].name, name) != 0) ++i;
      askers[i].name = name;
      ++askers[i].count;
    }
  }
  size_t written = 0;
  told[0] = '\0';
  for (int i = 0; i < most && askers[i].name != NULL && written < size; ++i)
    written += (size_t)snprintf(told + written, size - written, " %s=%d", askers[i].name, askers[i].count);
}
