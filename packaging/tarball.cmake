# Run by cpack for the kind "External": the .tar.gz, by tar, because cpack's own lists files in the order of the disk.
cmake_policy(VERSION 3.25)
set(name ${CPACK_PACKAGE_FILE_NAME})
get_filename_component(parent ${CPACK_TEMPORARY_DIRECTORY} DIRECTORY)
get_filename_component(folder ${CPACK_TEMPORARY_DIRECTORY} NAME)
set(file ${parent}/${name}.tar)
execute_process(COMMAND tar --create --format=gnu --sort=name --owner=0 --group=0 --numeric-owner
  --transform=s,^${folder},${name}, --file=${file} ${folder} WORKING_DIRECTORY ${parent} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
set(CPACK_EXTERNAL_BUILT_PACKAGES ${file}.gz)
