// conformance [--mariadb] DSN narrow|wide SECTION...    makes the calls of the sections and prints them
// conformance --sections                                their names
// The section `prepare` makes the tables, `clear` drops them; they are made once for all runs that are compared, so that
// the server's numbers for them are the same.
// SPDX-License-Identifier: Apache-2.0
#include "conformance.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "section.h"

typedef struct {
  const char* name;
  void (*run)(void);
} Section;

static const Section sections[] = {
#define ROW(name) {#name, section_##name},
    SECTIONS(ROW)
#undef ROW
};

static const Section services[] = {{"prepare", prepare_database}, {"clear", clear_database}};

static int run(const Section* among, size_t count, const char* name) {
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(among[i].name, name) != 0) continue;
    if (among == sections) empty_scratch();
    among[i].run();
    forget_names();
    forget_all();
    return 1;
  }
  return 0;
}

int main(int count, char** arguments) {
  setlocale(LC_ALL, "");
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count == 2 && strcmp(arguments[1], "--sections") == 0) {
    for (size_t i = 0; i < COUNT(sections); ++i) puts(sections[i].name);
    return 0;
  }
  if (count > 1 && strcmp(arguments[1], "--mariadb") == 0) {
    is_mariadb = 1;
    --count;
    ++arguments;
  }
  if (count < 4 || (strcmp(arguments[2], "narrow") != 0 && strcmp(arguments[2], "wide") != 0)) {
    fputs("conformance [--mariadb] DSN narrow|wide SECTION... | --sections\n", stderr);
    return 2;
  }
  dsn = arguments[1];
  is_wide = strcmp(arguments[2], "wide") == 0;
  for (int i = 3; i < count; ++i) {
    if (!run(sections, COUNT(sections), arguments[i]) && !run(services, COUNT(services), arguments[i])) {
      fprintf(stderr, "conformance: there is no section '%s'\n", arguments[i]);
      return 2;
    }
  }
  return 0;
}
