/* A program that sets up data sources through an installer library, as an administrator's program does.
 *
 *   library_client INSTALLER ACTION ARGUMENT... [, ACTION ARGUMENT...]...
 *
 * INSTALLER is libodbcinst.so.2 or libiodbcinst.so.2; it is loaded so that all later libraries see it, as if the program
 * were linked to it. Actions:
 *   config|configw WINDOW REQUEST DRIVER TEXT...       SQLConfigDataSource; each TEXT is one of the list
 *   dsn|dsnw LIBRARY WINDOW REQUEST DRIVER TEXT...     ConfigDSN of the setup library itself; `-` for DRIVER: a null pointer
 *   driver|driverw REQUEST DRIVER ARGUMENTS            SQLConfigDriver
 *   setup|setupw LIBRARY REQUEST DRIVER ARGUMENTS      ConfigDriver of the setup library itself
 *   mode NUMBER                                        SQLSetConfigMode
 *   read DSN KEY                                       SQLGetPrivateProfileString
 *   properties DRIVER                                  ODBCINSTConstructProperties and ODBCINSTDestructProperties
 *   threads LIBRARY COUNT DRIVER TEXT...               ConfigDSN by so many threads, each for a DSN of its own
 * After each it prints `result NUMBER`, and the installer's list of errors as `error CODE TEXT`.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <odbcinstext.h>

static void* installer;
static int is_iodbc;

static void fail(const char* what) {
  fprintf(stderr, "library_client: %s: %s\n", what, dlerror());
  exit(3);
}

static void* opened(const char* file) {
  return dlopen(file, RTLD_NOW | RTLD_LOCAL);
}

/* ISO C has no way from dlsym()'s pointer to a function but by its bytes. `function` points to a function pointer. */
static void find_in(void* library, const char* name, void* function) {
  void* const found = library == NULL ? NULL : dlsym(library, name);
  if (found == NULL) fail(name);
  memcpy(function, &found, sizeof found);
}

/* ---- text ---- */

static char* list_of(int count, char** texts) {
  size_t size = 2;
  for (int i = 0; i < count; ++i) size += strlen(texts[i]) + 1;
  char* const list = calloc(1, size);
  char* place = list;
  for (int i = 0; i < count; ++i) place = strcpy(place, texts[i]) + strlen(texts[i]) + 1;
  return list;
}

/* UTF-8 to the installer's wide text: UTF-16, and UTF-32 for iODBC. `size` counts bytes. */
static void* wide_of(const char* text, size_t size) {
  uint32_t* const four = calloc(size + 2, sizeof *four);
  uint16_t* const two = calloc(2 * size + 2, sizeof *two);
  size_t count = 0;
  size_t units = 0;
  for (size_t i = 0; i < size; ++count) {
    const unsigned char first = (unsigned char)text[i++];
    uint32_t code = first < 0x80 ? first : first < 0xE0 ? first & 0x1FU : first < 0xF0 ? first & 0x0FU : first & 0x07U;
    while (i < size && ((unsigned char)text[i] & 0xC0U) == 0x80U)
      code = code << 6U | ((unsigned char)text[i++] & 0x3FU);
    four[count] = code;
    if (code > 0xFFFF) two[units++] = (uint16_t)(0xD7C0U + (code >> 10U));
    two[units++] = (uint16_t)(code > 0xFFFF ? 0xDC00U + (code & 0x3FFU) : code);
  }
  free(is_iodbc ? (void*)two : (void*)four);
  return is_iodbc ? (void*)four : (void*)two;
}

static size_t list_size(int count, char** texts) {
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += strlen(texts[i]) + 1;
  return size + 1;
}

/* ---- actions ---- */

static void show_errors(void) {
  RETCODE (*next)(WORD, DWORD*, LPSTR, WORD, WORD*);
  find_in(installer, "SQLInstallerError", &next);
  for (WORD i = 1; i <= 8; ++i) {
    DWORD code = 0;
    char text[SQL_MAX_MESSAGE_LENGTH] = "";
    WORD length = 0;
    const RETCODE status = next(i, &code, text, sizeof text, &length);
    if (status != SQL_SUCCESS && status != SQL_SUCCESS_WITH_INFO) break;
    printf("error %d %s\n", (int)code, text);
  }
}

static void show(int result) {
  printf("result %d\n", result);
  show_errors();
}

typedef BOOL (*Config)(HWND, WORD, const void*, const void*);
typedef BOOL (*ConfigOfDriver)(HWND, WORD, const void*, const void*, void*, WORD, WORD*);

static void config(Config function, int is_wide, int count, char** arguments) {
  HWND const window = (HWND)(intptr_t)atoi(arguments[0]);
  const WORD request = (WORD)atoi(arguments[1]);
  char* const list = list_of(count - 3, arguments + 3);
  const char* const driver = strcmp(arguments[2], "-") == 0 ? NULL : arguments[2];
  if (!is_wide) {
    show(function(window, request, driver, list));
  } else {
    void* const wide_driver = driver == NULL ? NULL : wide_of(driver, strlen(driver) + 1);
    void* const wide_list = wide_of(list, list_size(count - 3, arguments + 3));
    show(function(window, request, wide_driver, wide_list));
    free(wide_driver);
    free(wide_list);
  }
  free(list);
}

/* The message's buffer is exactly as long as it is said to be, so that a tool for memory sees one byte too many. */
static void config_driver(ConfigOfDriver function, int is_wide, char** arguments) {
  const WORD request = (WORD)atoi(arguments[0]);
  enum { size = 16 };
  uint32_t* const message = calloc(size, is_wide ? (is_iodbc ? 4 : 2) : 1);
  WORD length = 77;
  void* const driver = is_wide ? wide_of(arguments[1], strlen(arguments[1]) + 1) : strdup(arguments[1]);
  void* const text = is_wide ? wide_of(arguments[2], strlen(arguments[2]) + 2) : list_of(1, arguments + 2);
  show(function(NULL, request, driver, text, message, size, &length));
  printf("message %d\n", (int)length);
  free(message);
  free(driver);
  free(text);
}

static void read_value(char** arguments) {
  int (*get)(LPCSTR, LPCSTR, LPCSTR, LPSTR, int, LPCSTR);
  find_in(installer, "SQLGetPrivateProfileString", &get);
  char text[2000] = "";
  get(arguments[0], arguments[1], "", text, sizeof text, "odbc.ini");
  printf("value %s\n", text);
}

static void properties(char* driver) {
  int (*construct)(char*, HODBCINSTPROPERTY*);
  int (*destruct)(HODBCINSTPROPERTY*);
  find_in(installer, "ODBCINSTConstructProperties", &construct);
  find_in(installer, "ODBCINSTDestructProperties", &destruct);
  HODBCINSTPROPERTY first = NULL;
  const int result = construct(driver, &first);
  printf("result %d\n", result);
  if (result != ODBCINST_SUCCESS) {
    show_errors();
    return;
  }
  for (HODBCINSTPROPERTY one = first; one != NULL; one = one->pNext) {
    printf("property %s\t%s\t%d\t%s\t", one->szName, one->szValue, one->nPromptType,
           one->pszHelp == NULL ? "" : one->pszHelp);
    for (char** choice = one->aPromptData; choice != NULL && *choice != NULL; ++choice) {
      printf("%s%s", choice == one->aPromptData ? "" : "|", *choice);
    }
    printf("\n");
  }
  printf("freed %d\n", destruct(&first));
}

struct Job {
  Config function;
  char* driver;
  int number;
  int count;
  char** texts;
  int result;
};

static void* work(void* argument) {
  struct Job* const job = argument;
  char name[40];
  snprintf(name, sizeof name, "DSN=thread%d", job->number);
  char* texts[20] = {name};
  for (int i = 0; i < job->count && i < 19; ++i) texts[i + 1] = job->texts[i];
  char* const list = list_of(job->count + 1, texts);
  job->result = job->function(NULL, ODBC_ADD_DSN, job->driver, list);
  free(list);
  return NULL;
}

static void threads(char* library, int thread_count, char* driver, int count, char** texts) {
  pthread_t started[64];
  struct Job jobs[64];
  int good = 0;
  for (int i = 0; i < thread_count && i < 64; ++i) {
    jobs[i] = (struct Job){NULL, driver, i, count, texts, 0};
    find_in(opened(library), "ConfigDSN", &jobs[i].function);
    pthread_create(&started[i], NULL, work, &jobs[i]);
  }
  for (int i = 0; i < thread_count && i < 64; ++i) {
    pthread_join(started[i], NULL);
    good += jobs[i].result == 1;
  }
  printf("result %d\n", good);
}

static void act(int count, char** arguments) {
  const char* const action = arguments[0];
  const int is_wide = action[strlen(action) - 1] == 'w';
  Config function;
  ConfigOfDriver function_of_driver;
  if (strncmp(action, "config", 6) == 0) {
    find_in(installer, is_wide ? "SQLConfigDataSourceW" : "SQLConfigDataSource", &function);
    config(function, is_wide, count - 1, arguments + 1);
  } else if (strncmp(action, "dsn", 3) == 0) {
    find_in(opened(arguments[1]), is_wide ? "ConfigDSNW" : "ConfigDSN", &function);
    config(function, is_wide, count - 2, arguments + 2);
  } else if (strncmp(action, "driver", 6) == 0) {
    find_in(installer, is_wide ? "SQLConfigDriverW" : "SQLConfigDriver", &function_of_driver);
    config_driver(function_of_driver, is_wide, arguments + 1);
  } else if (strncmp(action, "setup", 5) == 0) {
    find_in(opened(arguments[1]), is_wide ? "ConfigDriverW" : "ConfigDriver", &function_of_driver);
    config_driver(function_of_driver, is_wide, arguments + 2);
  } else if (strcmp(action, "mode") == 0) {
    BOOL (*set)(UWORD);
    find_in(installer, "SQLSetConfigMode", &set);
    set((UWORD)atoi(arguments[1]));
  } else if (strcmp(action, "read") == 0) {
    read_value(arguments + 1);
  } else if (strcmp(action, "properties") == 0) {
    properties(arguments[1]);
  } else if (strcmp(action, "threads") == 0) {
    threads(arguments[1], atoi(arguments[2]), arguments[3], count - 4, arguments + 4);
  } else {
    fail(action);
  }
}

int main(int count, char** arguments) {
  if (count < 3) return 2;
  installer = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
  if (installer == NULL) fail(arguments[1]);
  is_iodbc = strstr(arguments[1], "iodbc") != NULL;
  for (int first = 2; first < count;) {
    int last = first;
    while (last < count && strcmp(arguments[last], ",") != 0) ++last;
    act(last - first, arguments + first);
    first = last + 1;
  }
  return 0;
}
