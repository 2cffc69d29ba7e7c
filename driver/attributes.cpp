// attributes: of environments, connections (queued until there is a base driver) and statements (descriptor handles
// translated).
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include "driver/forward.h"
#include "driver/own.h"

namespace iamodbc {

namespace {

// iODBC asks which encoding wide text has; absent from unixODBC's headers.
constexpr SQLINTEGER driver_unicode_type = 1065;
constexpr SQLINTEGER driver_unicode_utf16 = 1;

bool is_descriptor(SQLINTEGER attribute) {
  return attribute == SQL_ATTR_APP_ROW_DESC || attribute == SQL_ATTR_APP_PARAM_DESC ||
         attribute == SQL_ATTR_IMP_ROW_DESC || attribute == SQL_ATTR_IMP_PARAM_DESC;
}

// Our handle for a descriptor that the base driver told: the statement's own, or one that the application allocated.
SQLHANDLE wrapper_of(Stmt& stmt, SQLINTEGER attribute, SQLHDESC base) {
  if (base == nullptr) return nullptr;
  const std::scoped_lock hold(children_lock(*stmt.parent));
  Desc& implicit = stmt.descriptors[static_cast<std::size_t>(attribute - SQL_ATTR_APP_ROW_DESC)];
  if (Desc::from(&implicit) != nullptr && implicit.base == base) return &implicit;
  for (ExplicitDesc* const desc : stmt.parent->descriptors) {
    if (desc->base == base && Desc::from(desc) != nullptr) return static_cast<Desc*>(desc);
  }
  implicit.base = base;
  implicit.functions = stmt.functions;
  implicit.state.store(Desc::ready, std::memory_order_release);
  return &implicit;
}

// Why a base driver is not to see a descriptor in this statement: it would go on using it when its owner frees it.
std::optional<Error> unfit(const Desc& desc, const Stmt& stmt, SQLINTEGER attribute) {
  if (!desc.is_implicit()) {
    if (static_cast<const ExplicitDesc&>(desc).parent == stmt.parent) return std::nullopt;
    return Error{State::invalid_attribute_value, "the value is not a descriptor of this connection", 0};
  }
  if (&desc == &stmt.descriptors[static_cast<std::size_t>(attribute - SQL_ATTR_APP_ROW_DESC)]) return std::nullopt;
  return Error{"HY017", "the descriptor belongs to a statement, and serves it alone and in one place", 0};
}

template <auto function>
SQLRETURN set_stmt_attribute(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
  return own<Stmt>(handle, [&](Stmt& stmt) {
    if (is_descriptor(attribute) && value != nullptr) {
      const Desc* const desc = Desc::from(value);
      if (desc == nullptr) return fail(stmt, {State::invalid_attribute_value, "the value is not a descriptor", 0});
      if (const auto error = unfit(*desc, stmt, attribute)) return fail(stmt, *error);
      value = desc->base;
    }
    return call_base<function>(stmt, stmt.base, attribute, value, length);
  });
}

template <auto function>
SQLRETURN get_stmt_attribute(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER capacity,
                             SQLINTEGER* length) {
  return own<Stmt>(handle, [&](Stmt& stmt) {
    if (!is_descriptor(attribute)) return call_base<function>(stmt, stmt.base, attribute, value, capacity, length);
    SQLHDESC base = nullptr;
    const SQLRETURN code =
        call_base<function>(stmt, stmt.base, attribute, static_cast<SQLPOINTER>(&base), capacity, length);
    if (SQL_SUCCEEDED(code) && value != nullptr) *static_cast<SQLHDESC*>(value) = wrapper_of(stmt, attribute, base);
    return code;
  });
}

template <auto function>
SQLRETURN set_connect_attribute(SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length,
                                Width width) {
  return own<Dbc>(handle, [&](Dbc& dbc) {
    if (dbc.is(Handle::connected)) {
      const SQLRETURN code = call_base<function>(dbc, dbc.base, attribute, value, length);
      // For a reconnect; the base has accepted the value, so ours to say about it is nothing.
      if (SQL_SUCCEEDED(code) && AttributeQueue::persists(attribute))
        (void)dbc.attributes.set(attribute, value, length, width);
      return code;
    }
    const Result<Done> queued = dbc.attributes.set(attribute, value, length, width);
    return queued ? SQLRETURN{SQL_SUCCESS} : fail(dbc, queued.error());
  });
}

template <auto function>
SQLRETURN get_connect_attribute(SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER capacity,
                                SQLINTEGER* length, Width width) {
  return own<Dbc>(handle, [&](Dbc& dbc) {
    if (dbc.is(Handle::connected)) return call_base<function>(dbc, dbc.base, attribute, value, capacity, length);
    const SQLRETURN code = dbc.attributes.get(attribute, value, capacity, length, width);
    if (code == SQL_SUCCESS_WITH_INFO) {
      return set_diagnostics(dbc, {code, {{State::string_truncated, "[iamodbc] the text was cut", 0}}, {}});
    }
    if (code != SQL_ERROR) return code;
    return fail(dbc,
                {State::connection_not_open, "attribute " + std::to_string(attribute) + " is known once connected", 0});
  });
}

SQLINTEGER as_integer(SQLPOINTER value) {
  return static_cast<SQLINTEGER>(reinterpret_cast<SQLLEN>(value));
}

SQLRETURN set_version(Env& env, SQLINTEGER version) {
  if (version != SQL_OV_ODBC2 && version != SQL_OV_ODBC3 && version != SQL_OV_ODBC3_80) {
    return fail(env, {State::invalid_attribute_value, "SQL_ATTR_ODBC_VERSION takes 2, 3 and 380", 0});
  }
  env.odbc_version = version;
  return SQL_SUCCESS;
}

}  // namespace

IAMODBC_EXPORT SQLRETURN SQL_API SQLSetEnvAttr(SQLHENV handle, SQLINTEGER attribute, SQLPOINTER value,
                                               SQLINTEGER length) {
  return own<Env>(handle, [&](Env& env) {
    if (attribute == SQL_ATTR_ODBC_VERSION) return set_version(env, as_integer(value));
    if (attribute == SQL_ATTR_OUTPUT_NTS) {
      if (as_integer(value) == SQL_TRUE) return SQLRETURN{SQL_SUCCESS};
      return fail(env, {State::not_implemented, "text is always terminated: SQL_ATTR_OUTPUT_NTS takes SQL_TRUE", 0});
    }
    // The base drivers hear of it when their environments are made.
    const Result<Done> queued = env.attributes.set(attribute, value, length, Width::narrow);
    return queued ? SQLRETURN{SQL_SUCCESS} : fail(env, queued.error());
  });
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetEnvAttr(SQLHENV handle, SQLINTEGER attribute, SQLPOINTER value,
                                               SQLINTEGER capacity, SQLINTEGER* length) {
  return own<Env>(handle, [&](Env& env) {
    SQLINTEGER number = 0;
    if (attribute == SQL_ATTR_ODBC_VERSION) {
      number = env.odbc_version;
    } else if (attribute == SQL_ATTR_OUTPUT_NTS) {
      number = SQL_TRUE;
    } else if (attribute == driver_unicode_type) {
      number = driver_unicode_utf16;
    } else {
      const SQLRETURN code = env.attributes.get(attribute, value, capacity, length, Width::narrow);
      if (code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO) return code;
      return fail(env, {State::invalid_attribute_identifier,
                        "environment attribute " + std::to_string(attribute) + " is not known", 0});
    }
    if (value != nullptr) *static_cast<SQLINTEGER*>(value) = number;
    if (length != nullptr) *length = sizeof(number);
    return SQLRETURN{SQL_SUCCESS};
  });
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLSetConnectAttr(SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value,
                                                   SQLINTEGER length) {
  return set_connect_attribute<&BaseFunctions::SQLSetConnectAttr>(handle, attribute, value, length, Width::narrow);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLSetConnectAttrW(SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value,
                                                    SQLINTEGER length) {
  return set_connect_attribute<&BaseFunctions::SQLSetConnectAttrW>(handle, attribute, value, length, Width::wide);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetConnectAttr(SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value,
                                                   SQLINTEGER capacity, SQLINTEGER* length) {
  return get_connect_attribute<&BaseFunctions::SQLGetConnectAttr>(handle, attribute, value, capacity, length,
                                                                  Width::narrow);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetConnectAttrW(SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value,
                                                    SQLINTEGER capacity, SQLINTEGER* length) {
  return get_connect_attribute<&BaseFunctions::SQLGetConnectAttrW>(handle, attribute, value, capacity, length,
                                                                   Width::wide);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLSetStmtAttr(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value,
                                                SQLINTEGER length) {
  return set_stmt_attribute<&BaseFunctions::SQLSetStmtAttr>(handle, attribute, value, length);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLSetStmtAttrW(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value,
                                                 SQLINTEGER length) {
  return set_stmt_attribute<&BaseFunctions::SQLSetStmtAttrW>(handle, attribute, value, length);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetStmtAttr(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value,
                                                SQLINTEGER capacity, SQLINTEGER* length) {
  return get_stmt_attribute<&BaseFunctions::SQLGetStmtAttr>(handle, attribute, value, capacity, length);
}

IAMODBC_EXPORT SQLRETURN SQL_API SQLGetStmtAttrW(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value,
                                                 SQLINTEGER capacity, SQLINTEGER* length) {
  return get_stmt_attribute<&BaseFunctions::SQLGetStmtAttrW>(handle, attribute, value, capacity, length);
}

}  // namespace iamodbc
