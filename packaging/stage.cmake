# Run by cpack between installing into its staging folder and packing: what each kind of package has elsewhere or otherwise.
# Every mode, owner and time is set here, so that nothing of the building machine gets in.
cmake_policy(VERSION 3.25)
set(top ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(prefix ${top}${CPACK_PACKAGING_INSTALL_PREFIX})
set(doc ${prefix}/share/doc/iamodbc)
set(source ${CPACK_IAMODBC_SOURCE})

macro(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endmacro()

if(NOT EXISTS ${prefix}/share/iamodbc/rds-ca.pem)
  message(FATAL_ERROR "rds-ca.pem was not made, and a package without it would log in nowhere")
endif()

# The drivers' folder, as the system at the other end has it; programs find it from where they are.
set(libraries ${CPACK_IAMODBC_LIBDIR})
if(CPACK_GENERATOR STREQUAL "RPM")
  set(libraries lib64)
elseif(CPACK_GENERATOR STREQUAL "External")
  set(libraries lib)
endif()
if(NOT libraries STREQUAL CPACK_IAMODBC_LIBDIR)
  file(RENAME ${prefix}/${CPACK_IAMODBC_LIBDIR} ${top}/libraries)
  file(REMOVE_RECURSE ${prefix}/lib)  # what is left of lib/<architecture>
  file(RENAME ${top}/libraries ${prefix}/${libraries})
endif()
if(CPACK_GENERATOR STREQUAL "External")
  configure_file(${source}/odbcinst/iamodbc.ini.in ${prefix}/share/iamodbc/iamodbc.ini COPYONLY)  # install.sh completes it
else()
  set(IAMODBC_LIBRARY_FOLDER ${CPACK_PACKAGING_INSTALL_PREFIX}/${libraries}/odbc)
  configure_file(${source}/odbcinst/iamodbc.ini.in ${prefix}/share/iamodbc/iamodbc.ini @ONLY)
endif()
file(GLOB modules ${prefix}/${libraries}/odbc/*.so)
run(strip --strip-unneeded --remove-section=.comment --remove-section=.note ${prefix}/bin/iamodbc ${modules})

if(CPACK_GENERATOR STREQUAL "DEB")
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH
  configure_file(${source}/packaging/deb/changelog.in ${doc}/changelog @ONLY)
  file(COPY ${source}/CHANGELOG.md ${source}/packaging/copyright DESTINATION ${doc})
  run(gzip -9n ${doc}/changelog ${doc}/CHANGELOG.md)
  if(EXISTS ${prefix}/share/zsh/site-functions)  # which Debian keeps for what administrators add
    file(RENAME ${prefix}/share/zsh/site-functions ${prefix}/share/zsh/vendor-completions)
  endif()
elseif(CPACK_GENERATOR STREQUAL "RPM")
  file(COPY ${source}/CHANGELOG.md DESTINATION ${doc})
  file(COPY ${source}/LICENSE ${source}/packaging/copyright DESTINATION ${prefix}/share/licenses/iamodbc)
else()
  file(COPY ${source}/packaging/install.sh ${source}/packaging/uninstall.sh ${source}/packaging/copyright ${source}/LICENSE ${source}/CHANGELOG.md
    DESTINATION ${top})
  run(chmod 755 ${top}/install.sh ${top}/uninstall.sh)
endif()
file(GLOB_RECURSE pages ${prefix}/share/man/*.[0-9])
if(pages AND NOT CPACK_GENERATOR STREQUAL "External")
  run(gzip -9n ${pages})
endif()

run(chmod -R u=rwX,go=rX ${top})
if(CPACK_GENERATOR STREQUAL "DEB")
  run(chmod 644 ${modules})
else()
  run(chmod 755 ${modules})  # rpm looks for what a file needs only if it is executable
endif()
if(NOT "$ENV{SOURCE_DATE_EPOCH}" STREQUAL "")
  run(find ${top} -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} {} +)
endif()
