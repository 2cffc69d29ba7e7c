// SPDX-License-Identifier: Apache-2.0
#include "driver/diagnostics.h"

#include <algorithm>
#include <map>
#include <new>
#include <utility>

#include "core/no_destructor.h"

namespace iamodbc {

namespace {

using Store = std::map<const Handle*, Diagnostics>;

// Failures of ours are rare and short-lived: one small map for all handles keeps the handles small.
Store& store() {
  static NoDestructor<Store> only;
  return only.get();
}

template <class Character>
using DiagRec = SQLRETURN(SQLSMALLINT, SQLHANDLE, SQLSMALLINT, Character*, SQLINTEGER*, Character*, SQLSMALLINT,
                          SQLSMALLINT*);

// The messages of most drivers fit the first buffer; a longer one is asked for again, whole.
template <class Character>
std::vector<Record> read(DiagRec<Character>* function, SQLSMALLINT handle_type, SQLHANDLE handle) {
  std::vector<Record> records;
  if (function == nullptr) return records;
  constexpr SQLSMALLINT usual = 1024;
  constexpr SQLSMALLINT longest = 32767;
  constexpr SQLSMALLINT most_records = 100;  // a driver that never says SQL_NO_DATA must not keep us
  for (SQLSMALLINT number = 1; number <= most_records; ++number) {
    Character state[6] = {};
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    std::vector<Character> text(usual);
    SQLRETURN code = function(handle_type, handle, number, state, &native, text.data(), usual, &length);
    if (SQL_SUCCEEDED(code) && length >= usual) {
      text.assign(longest, 0);
      code = function(handle_type, handle, number, state, &native, text.data(), longest, &length);
    }
    if (!SQL_SUCCEEDED(code)) break;
    state[5] = 0;
    text.back() = 0;
    // The text ends at its terminator: some drivers tell the length in bytes where characters are asked for.
    records.push_back({text_from(state, SQL_NTS).value(), text_from(text.data(), SQL_NTS).value(), native});
  }
  return records;
}

}  // namespace

SQLRETURN set_diagnostics(Handle& handle, Diagnostics diagnostics) {
  const SQLRETURN code = diagnostics.returncode;
  const std::scoped_lock hold(bookkeeping());
  store()[&handle] = std::move(diagnostics);
  handle.state.fetch_and(~Handle::memory_exhausted, std::memory_order_acq_rel);
  handle.state.fetch_or(Handle::diagnosed, std::memory_order_acq_rel);
  return code;
}

SQLRETURN fail(Handle& handle, const Error& error) noexcept {
  try {
    return set_diagnostics(handle, {SQL_ERROR, {{error.sqlstate, "[iamodbc] " + error.message, error.native}}, {}});
  } catch (...) {
    return fail_for_memory(handle);
  }
}

SQLRETURN fail_for_memory(Handle& handle) noexcept {
  handle.state.fetch_or(Handle::memory_exhausted, std::memory_order_acq_rel);
  return SQL_ERROR;
}

SQLRETURN fail_for_fault(Handle& handle, const char* what) noexcept {
  try {
    return fail(handle, {State::general_error, std::string("unexpected fault: ") + what, 0});
  } catch (...) {
    return fail_for_memory(handle);
  }
}

void clear_diagnostics(Handle& handle) noexcept {
  if (!handle.is(Handle::diagnosed | Handle::memory_exhausted)) return;
  const std::scoped_lock hold(bookkeeping());
  store().erase(&handle);
  handle.state.fetch_and(~(Handle::diagnosed | Handle::memory_exhausted), std::memory_order_acq_rel);
}

std::optional<Diagnostics> own_diagnostics(const Handle& handle) {
  if (handle.is(Handle::memory_exhausted)) {
    return Diagnostics{SQL_ERROR, {{State::out_of_memory, "[iamodbc] out of memory", 0}}, {}};
  }
  if (!handle.is(Handle::diagnosed)) return std::nullopt;
  const std::scoped_lock hold(bookkeeping());
  const auto found = store().find(&handle);
  if (found == store().end()) return std::nullopt;
  return found->second;
}

std::vector<Record> read_diagnostics(const BaseFunctions& base, SQLSMALLINT handle_type, SQLHANDLE handle,
                                     Width width) {
  const bool wide = base.SQLGetDiagRecW != nullptr && (width == Width::wide || base.SQLGetDiagRec == nullptr);
  return wide ? read<SQLWCHAR>(base.SQLGetDiagRecW, handle_type, handle)
              : read<SQLCHAR>(base.SQLGetDiagRec, handle_type, handle);
}

}  // namespace iamodbc
