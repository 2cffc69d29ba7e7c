// transcript: buffers with guards, lines, diagnostics, handles with names.
// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "section.h"

int is_wide;
const char* dsn;

// ---- memory of a section ----

typedef struct Block {
  struct Block* next;
  max_align_t content[];
} Block;

static Block* blocks;

void* keep(size_t bytes) {
  Block* const block = calloc(1, sizeof(Block) + bytes);
  if (block == NULL) abort();
  block->next = blocks;
  blocks = block;
  return block->content;
}

void forget_all(void) {
  while (blocks != NULL) {
    Block* const next = blocks->next;
    free(blocks);
    blocks = next;
  }
}

// ---- text ----

// The code point at *utf8, which moves on. Our own literals only: well-formed.
static unsigned next_code_point(const char** utf8) {
  const unsigned char* at = (const unsigned char*)*utf8;
  const int more = *at < 0x80 ? 0 : *at < 0xE0 ? 1 : *at < 0xF0 ? 2 : 3;
  static const unsigned masks[] = {0x7F, 0x1F, 0x0F, 0x07};
  unsigned code_point = *at & masks[more];
  for (int i = 1; i <= more; ++i) code_point = code_point << 6 | (at[i] & 0x3F);
  *utf8 += more + 1;
  return code_point;
}

Text text(const char* utf8) {
  if (utf8 == NULL) return (Text){NULL, 0, "null"};
  utf8 = in_dialect(utf8);
  const size_t bytes = strlen(utf8);
  const int shown_whole = bytes <= 300;
  char* const shown = keep(400);
  snprintf(shown, 400, shown_whole ? "\"%.300s\"" : "\"%.300s\"... of %zu bytes", utf8, bytes);
  if (!is_wide) {
    char* const copy = keep(bytes + 1);
    memcpy(copy, utf8, bytes);
    return (Text){copy, (SQLSMALLINT)bytes, shown};
  }
  SQLWCHAR* const units = keep((bytes + 1) * sizeof(SQLWCHAR));
  size_t count = 0;
  while (*utf8 != '\0') {
    const unsigned code_point = next_code_point(&utf8);
    if (code_point >= 0x10000) {
      units[count++] = (SQLWCHAR)(0xD800 + ((code_point - 0x10000) >> 10));
      units[count++] = (SQLWCHAR)(0xDC00 + ((code_point - 0x10000) & 0x3FF));
    } else {
      units[count++] = (SQLWCHAR)code_point;
    }
  }
  return (Text){units, (SQLSMALLINT)count, shown};
}

size_t in_bytes(size_t characters) {
  return is_wide ? characters * sizeof(SQLWCHAR) : characters;
}

// ---- buffers ----

enum { guard = 64, pattern = 0xA5 };

Buffer buffer(size_t bytes) {
  unsigned char* const whole = keep(bytes + 2 * guard);
  memset(whole, pattern, bytes + 2 * guard);
  return (Buffer){whole + guard, bytes};
}

// ---- lines ----

static char* line;
static size_t line_length, line_capacity;

static void append_list(const char* format, va_list list) {
  va_list again;
  va_copy(again, list);
  const int bytes = vsnprintf(NULL, 0, format, list);
  if (bytes < 0) abort();
  const size_t needed = line_length + (size_t)bytes + 1;
  if (needed > line_capacity) {
    line_capacity = 2 * needed;
    line = realloc(line, line_capacity);
    if (line == NULL) abort();
  }
  vsnprintf(line + line_length, line_capacity - line_length, format, again);
  va_end(again);
  line_length += (size_t)bytes;
}

void got(const char* format, ...) {
  va_list list;
  va_start(list, format);
  append_list(format, list);
  va_end(list);
}

void asked(const char* format, ...) {
  line_length = 0;
  va_list list;
  va_start(list, format);
  append_list(format, list);
  va_end(list);
}

static void end_line(SQLRETURN code) {
  static const char* const names[] = {"INVALID_HANDLE", "ERROR", "SUCCESS", "SUCCESS_WITH_INFO"};
  if (code >= -2 && code <= 1) {
    got(" = %s", names[code + 2]);
  } else if (code == SQL_NO_DATA) {
    got(" = NO_DATA");
  } else if (code == SQL_NEED_DATA) {
    got(" = NEED_DATA");
  } else {
    got(" = %d", code);
  }
  puts(line);
  line_length = 0;
}

void got_number(const char* what, long long value) {
  if (value == FRESH_SMALL || value == FRESH_USMALL || value == FRESH_INTEGER || value == FRESH_LENGTH) {
    got(" %s=untouched", what);
  } else {
    got(" %s=%lld", what, value);
  }
}

void got_pointer(const char* what, const void* value) {
  got(" %s=%s", what, value == NULL ? "null" : "set");
}

// Bytes from the start that are not as they were left; what is beyond the buffer is reported as such.
static size_t written(Buffer content) {
  for (size_t i = 1; i <= guard; ++i) {
    if (content.at[-(ptrdiff_t)i] != pattern) {
      got(" WROTE BEFORE THE BUFFER");
      break;
    }
  }
  for (size_t i = guard; i > 0; --i) {
    if (content.at[content.size + i - 1] != pattern) {
      got(" WROTE %zu BEYOND THE BUFFER", i);
      break;
    }
  }
  size_t count = content.size;
  while (count > 0 && content.at[count - 1] == pattern) --count;
  return count;
}

static void got_unit(unsigned unit) {
  if (unit == '\\' || unit == '"') {
    got("\\%c", (int)unit);
  } else if (unit == 0) {
    got("\\0");
  } else if (unit >= ' ' && unit < 0x7F) {
    got("%c", (int)unit);
  } else {
    got(unit < 0x100 ? "\\x%02X" : "\\u%04X", unit);
  }
}

void got_bytes(const char* what, Buffer content) {
  got(" %s=", what);
  const size_t count = written(content);
  if (count == 0) {
    got("untouched");
    return;
  }
  got("\"");
  for (size_t i = 0; i < count; ++i) got_unit(content.at[i]);
  got("\"");
}

void got_text(const char* what, Buffer content) {
  if (!is_wide) {
    got_bytes(what, content);
    return;
  }
  got(" %s=", what);
  const size_t count = written(content);
  if (count == 0) {
    got("untouched");
    return;
  }
  got("\"");
  for (size_t i = 0; i < count; i += 2) {
    got_unit(i + 1 < content.size ? (unsigned)content.at[i] | (unsigned)content.at[i + 1] << 8 : content.at[i]);
  }
  got("\"");
}

// ---- handles ----

typedef struct {
  SQLHANDLE handle;
  char name[40];
} Named;

static Named named[256];
static size_t named_count;

const char* name_of(SQLHANDLE handle) {
  if (handle == SQL_NULL_HANDLE) return "null";
  for (size_t i = named_count; i > 0; --i) {
    if (named[i - 1].handle == handle) return named[i - 1].name;
  }
  return "unknown";
}

void set_name(SQLHANDLE handle, const char* format, ...) {
  if (handle == SQL_NULL_HANDLE) return;
  size_t at = 0;
  while (at < named_count && named[at].handle != handle) ++at;  // addresses are used again
  if (at == COUNT(named)) abort();
  if (at == named_count) ++named_count;
  named[at].handle = handle;
  va_list list;
  va_start(list, format);
  vsnprintf(named[at].name, sizeof(named[at].name), format, list);
  va_end(list);
}

void forget_names(void) {
  named_count = 0;
}

// ---- diagnostics ----

enum { header, of_record };
enum { as_number, as_small, as_length, as_text };

typedef struct {
  const char* name;
  SQLSMALLINT id;
  int place;
  int kind;
  int statements_only;
} DiagField;

static const DiagField diag_fields[] = {
    {"NUMBER", SQL_DIAG_NUMBER, header, as_number, 0},
    {"RETURNCODE", SQL_DIAG_RETURNCODE, header, as_small, 0},
    {"CURSOR_ROW_COUNT", SQL_DIAG_CURSOR_ROW_COUNT, header, as_length, 1},
    {"ROW_COUNT", SQL_DIAG_ROW_COUNT, header, as_length, 1},
    {"DYNAMIC_FUNCTION", SQL_DIAG_DYNAMIC_FUNCTION, header, as_text, 1},
    {"DYNAMIC_FUNCTION_CODE", SQL_DIAG_DYNAMIC_FUNCTION_CODE, header, as_number, 1},
    {"SQLSTATE", SQL_DIAG_SQLSTATE, of_record, as_text, 0},
    {"NATIVE", SQL_DIAG_NATIVE, of_record, as_number, 0},
    {"MESSAGE_TEXT", SQL_DIAG_MESSAGE_TEXT, of_record, as_text, 0},
    {"CLASS_ORIGIN", SQL_DIAG_CLASS_ORIGIN, of_record, as_text, 0},
    {"SUBCLASS_ORIGIN", SQL_DIAG_SUBCLASS_ORIGIN, of_record, as_text, 0},
    {"CONNECTION_NAME", SQL_DIAG_CONNECTION_NAME, of_record, as_text, 0},
    {"SERVER_NAME", SQL_DIAG_SERVER_NAME, of_record, as_text, 0},
    {"ROW_NUMBER", SQL_DIAG_ROW_NUMBER, of_record, as_length, 1},
    {"COLUMN_NUMBER", SQL_DIAG_COLUMN_NUMBER, of_record, as_number, 1},
};

static void show_diag_field(const DiagField* field, SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT record) {
  const size_t size = field->kind == as_text     ? in_bytes(1024)
                      : field->kind == as_small  ? 2
                      : field->kind == as_number ? 4
                                                 : 8;
  const Buffer value = buffer(size);
  SQLSMALLINT length = FRESH_SMALL;
  const SQLRETURN code = TWIN(SQLGetDiagField, type, handle, record, field->id, value.at, (SQLSMALLINT)size, &length);
  asked("  SQLGetDiagField(%d, %s)", record, field->name);
  if (field->kind == as_text) {
    got_text("value", value);
    got_number("length", length);
  } else {
    got_bytes("value", value);
  }
  end_line(code);
}

static SQLRETURN show_diag_record(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT record, int after_success) {
  const Buffer state = buffer(in_bytes(6)), message = buffer(in_bytes(1024));
  SQLINTEGER native = FRESH_INTEGER;
  SQLSMALLINT length = FRESH_SMALL;
  const SQLRETURN code =
      TWIN(SQLGetDiagRec, type, handle, record, (void*)state.at, &native, (void*)message.at, 1024, &length);
  if (code == SQL_NO_DATA && after_success) return code;
  asked("  SQLGetDiagRec(%d)", record);
  got_text("state", state);
  got_number("native", native);
  got_text("message", message);
  got_number("length", length);
  end_line(code);
  return code;
}

static void show_diagnostics(SQLSMALLINT type, SQLHANDLE handle, int after_success) {
  enum { most_records = 10 };
  SQLSMALLINT count = 0;
  while (count < most_records && SQL_SUCCEEDED(show_diag_record(type, handle, (SQLSMALLINT)(count + 1), after_success)))
    ++count;
  if (count == 0 && after_success) return;
  for (size_t i = 0; i < COUNT(diag_fields); ++i) {
    const DiagField* const field = &diag_fields[i];
    if (field->statements_only && type != SQL_HANDLE_STMT) continue;
    if (field->place == header) {
      show_diag_field(field, type, handle, 0);
    } else {
      for (SQLSMALLINT record = 1; record <= count; ++record) show_diag_field(field, type, handle, record);
    }
  }
}

void done(SQLSMALLINT type, SQLHANDLE handle, SQLRETURN code) {
  end_line(code);
  if (code == SQL_INVALID_HANDLE || handle == SQL_NULL_HANDLE) return;
  show_diagnostics(type, handle, code != SQL_ERROR && code != SQL_SUCCESS_WITH_INFO);
}
