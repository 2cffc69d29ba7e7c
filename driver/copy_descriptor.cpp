// copy_descriptor: SQLCopyDesc. Two descriptors of one base driver: that driver's own answer. Of two base drivers: field
// by field with SQLGetDescField and SQLSetDescField, as ODBC asks of whoever stands above two drivers.
//
// Copied is what ODBC defines for both kinds of descriptor and lets an application set; a field that one of the two
// drivers does not have (HY091) is left as it is. Record 0, the bookmark, is not copied. The first failure ends the copy
// and is told on the target, whichever side it came from; the target is then neither what it was nor a copy.
// Source: https://learn.microsoft.com/sql/odbc/reference/syntax/sqlcopydesc-function
//         https://learn.microsoft.com/sql/odbc/reference/syntax/sqlsetdescfield-function
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "driver/forward.h"
#include "driver/own.h"

namespace iamodbc {

namespace {

// Kinds of descriptors, as bits. One that the application allocated is an application descriptor.
constexpr unsigned application = 1;
constexpr unsigned parameters = 2;  // IPD
constexpr unsigned columns = 4;     // IRD: to read only
constexpr unsigned any_kind = application | parameters | columns;

unsigned kind_of(const Desc& desc) {
  const auto which = static_cast<SQLINTEGER>(desc.position) + SQL_ATTR_APP_ROW_DESC;
  if (which == SQL_ATTR_IMP_ROW_DESC) return columns;
  return which == SQL_ATTR_IMP_PARAM_DESC ? parameters : application;
}

enum class Shape { small, integer, pointer_sized, text };

struct Field {
  SQLSMALLINT identifier;
  Shape shape;
  unsigned kinds;  // for which ODBC defines it
};

constexpr Field count_field{SQL_DESC_COUNT, Shape::small, any_kind};

constexpr std::array header_fields{
    Field{SQL_DESC_ARRAY_SIZE, Shape::pointer_sized, application},
    Field{SQL_DESC_ARRAY_STATUS_PTR, Shape::pointer_sized, any_kind},
    Field{SQL_DESC_BIND_OFFSET_PTR, Shape::pointer_sized, application},
    Field{SQL_DESC_BIND_TYPE, Shape::integer, application},
    Field{SQL_DESC_ROWS_PROCESSED_PTR, Shape::pointer_sized, parameters | columns},
};

// The type first, because it resets what belongs to it (and sets SQL_DESC_TYPE and the datetime code); the data pointer
// last, because setting any other field unbinds it, and because it is then that a driver checks the record.
constexpr std::array record_fields{
    Field{SQL_DESC_CONCISE_TYPE, Shape::small, any_kind},
    Field{SQL_DESC_DATETIME_INTERVAL_PRECISION, Shape::integer, any_kind},
    Field{SQL_DESC_PRECISION, Shape::small, any_kind},
    Field{SQL_DESC_SCALE, Shape::small, any_kind},
    Field{SQL_DESC_LENGTH, Shape::pointer_sized, any_kind},
    Field{SQL_DESC_OCTET_LENGTH, Shape::pointer_sized, any_kind},
    Field{SQL_DESC_NUM_PREC_RADIX, Shape::integer, any_kind},
    Field{SQL_DESC_PARAMETER_TYPE, Shape::small, parameters},
    Field{SQL_DESC_NAME, Shape::text, parameters | columns},
    Field{SQL_DESC_INDICATOR_PTR, Shape::pointer_sized, application},
    Field{SQL_DESC_OCTET_LENGTH_PTR, Shape::pointer_sized, application},
    Field{SQL_DESC_DATA_PTR, Shape::pointer_sized, application},
};

// Room for any value, zeroed: some drivers write less than ODBC says, some more.
using Room = std::array<char, 1024>;

SQLLEN number_in(const Room& room, Shape shape) {
  SQLSMALLINT small = 0;
  SQLINTEGER integer = 0;
  SQLLEN whole = 0;
  std::memcpy(&small, room.data(), sizeof(small));
  std::memcpy(&integer, room.data(), sizeof(integer));
  std::memcpy(&whole, room.data(), sizeof(whole));
  if (shape == Shape::small) return small;
  return shape == Shape::integer ? integer : whole;
}

enum class Step { done, absent, failed };

class FieldByField {
 public:
  FieldByField(const Desc& from, Desc& to)
      : from_(from),
        to_(to),
        kinds_{kind_of(from), kind_of(to)},
        // The library that we are asks the same width of every base driver.
        width_(from.functions->SQLGetDiagRec != nullptr ? Width::narrow : Width::wide) {}

  SQLRETURN run() {
    if (kinds_.second == columns) {
      return fail(to_, {"HY016", "an implementation row descriptor describes a result; nothing is copied to it", 0});
    }
    Room count{};
    const Step counted = get(0, count_field, count);
    const auto records = static_cast<SQLSMALLINT>(number_in(count, Shape::small));
    if (kinds_.first == columns && counted != Step::failed && records <= 0) {
      return fail(to_, {"HY007", "the source's statement has no result columns: it is not prepared, or gives none", 0});
    }
    if (counted == Step::absent) return fail(to_, {"HY091", "the source does not tell how many records it has", 0});
    if (counted == Step::done && copy_all(records)) {
      told_.returncode = told_.records.empty() ? SQLRETURN{SQL_SUCCESS} : SQLRETURN{SQL_SUCCESS_WITH_INFO};
    }
    return told_.records.empty() ? told_.returncode : set_diagnostics(to_, std::move(told_));
  }

 private:
  bool copy_all(SQLSMALLINT records) {
    for (const Field& field : header_fields) {
      if (!copy(0, field)) return false;
    }
    // Before the records: what the target has beyond them goes.
    if (!copy(0, count_field)) return false;
    for (SQLSMALLINT record = 1; record <= records; ++record) {
      for (const Field& field : record_fields) {
        if (!copy(record, field)) return false;
      }
    }
    return true;
  }

  bool copy(SQLSMALLINT record, const Field& field) {
    if ((field.kinds & kinds_.first) == 0 || (field.kinds & kinds_.second) == 0) return true;
    Room room{};
    Step step = get(record, field, room);
    if (step == Step::done) step = set(record, field, room);
    return step != Step::failed;
  }

  Step get(SQLSMALLINT record, const Field& field, Room& room) {
    const auto function =
        width_ == Width::narrow ? from_.functions->SQLGetDescField : from_.functions->SQLGetDescFieldW;
    SQLINTEGER length = 0;
    return judge(from_, record, field,
                 function(from_.base, record, field.identifier, room.data(), sizeof(room), &length));
  }

  Step set(SQLSMALLINT record, const Field& field, Room& room) {
    const auto function = width_ == Width::narrow ? to_.functions->SQLSetDescField : to_.functions->SQLSetDescFieldW;
    if (field.shape == Shape::text) {
      if (room[0] == 0 && room[1] == 0) return Step::done;  // unnamed, as records are to begin with
      return judge(to_, record, field, function(to_.base, record, field.identifier, room.data(), SQL_NTS));
    }
    const auto value = reinterpret_cast<SQLPOINTER>(number_in(room, field.shape));
    return judge(to_, record, field, function(to_.base, record, field.identifier, value, 0));
  }

  // What became of a call. The base drivers' own records go the next time they are called, so they are taken over.
  Step judge(const Desc& desc, SQLSMALLINT record, const Field& field, SQLRETURN code) {
    if (code == SQL_SUCCESS) return Step::done;
    auto records = read_diagnostics(*desc.functions, SQL_HANDLE_DESC, desc.base, width_);
    if (SQL_SUCCEEDED(code)) {
      for (Record& one : records) told_.records.push_back(std::move(one));
      return Step::done;
    }
    // psqlODBC, asked for a column's field that it does not have, says so on the statement.
    const bool is_silent_source = records.empty() && &desc == &from_;
    if (is_silent_source || (!records.empty() && records.front().sqlstate == "HY091")) return Step::absent;
    if (records.empty()) {
      records.push_back({State::general_error,
                         "[iamodbc] the base driver refused field " + std::to_string(field.identifier) + " of record " +
                             std::to_string(record) + " and did not say why",
                         0});
    }
    told_ = {SQL_ERROR, std::move(records), {}};
    return Step::failed;
  }

  const Desc& from_;
  Desc& to_;
  std::pair<unsigned, unsigned> kinds_;  // of the source, of the target
  Width width_;
  Diagnostics told_;
};

}  // namespace

IAMODBC_EXPORT SQLRETURN SQL_API SQLCopyDesc(SQLHDESC source, SQLHDESC target) {
  Desc* const from = Desc::from(source);
  if (from == nullptr) return SQL_INVALID_HANDLE;
  return own<Desc>(target, [&](Desc& to) {
    if (is_same_driver(*from, to)) return call_base<&BaseFunctions::SQLCopyDesc>(to, from->base, to.base);
    clear_diagnostics(*from);
    return FieldByField(*from, to).run();
  });
}

}  // namespace iamodbc
