// section: what the main program has to do with the transcript, and the list of sections.
// SPDX-License-Identifier: Apache-2.0
#ifndef IAMODBC_TESTS_LIVE_CONFORMANCE_SECTION_H
#define IAMODBC_TESTS_LIVE_CONFORMANCE_SECTION_H

void forget_all(void);    // frees the memory of a section
void forget_names(void);  // of handles

// Each section by its name; its function is section_NAME.
#define SECTIONS(section)                                                                                              \
  section(environment) section(connecting) section(failing) section(connection_attributes) section(handles)            \
      section(freed_handles) section(information) section(functions) section(types) section(native) section(catalogue) \
          section(executing) section(texts) section(parameters) section(at_execution) section(arrays)                  \
              section(describing) section(describing_of_odbc_2) section(conversions) section(chunks) section(binding)  \
                  section(scrolling) section(positioned) section(several_results) section(cursor_names)                \
                      section(statement_attributes) section(transactions) section(descriptors)                         \
                          section(explicit_descriptors) section(errors) section(diagnostics) section(cancelling)

#define DECLARE(name) void section_##name(void);
SECTIONS(DECLARE)
#undef DECLARE

#endif
