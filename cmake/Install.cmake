# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What an installed library brings for those who build on it: pkg-config, the
# CMake package with its components, man pages.  What is installed without a
# word goes with the libraries.
include_guard(GLOBAL)
include(CMakePackageConfigHelpers)

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME lib)
set(PEERBAR_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/peerbar)

# peerbar_install_library(name [pkg-config-prefix...]) - name is peerbar or
# peerbar-<component>, which is peerbar::<component> here and installed; the
# prefixes are those of pkg_check_modules() that it links with.
function(peerbar_install_library name)
	string(REGEX REPLACE "^peerbar-" "" component ${name})
	add_library(peerbar::${component} ALIAS ${name})
	set_target_properties(${name} PROPERTIES EXPORT_NAME ${component})
	install(TARGETS ${name} EXPORT ${name} LIBRARY
		DESTINATION ${CMAKE_INSTALL_LIBDIR}
		COMPONENT lib NAMELINK_COMPONENT dev)
	install(EXPORT ${name} NAMESPACE peerbar:: COMPONENT dev
		FILE peerbar-${component}.cmake DESTINATION ${PEERBAR_CMAKE_DIR})
	configure_file(${name}.pc.in ${name}.pc @ONLY)
	install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc COMPONENT dev
		DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

	set_property(GLOBAL APPEND PROPERTY PEERBAR_COMPONENTS ${component})
	set_property(GLOBAL APPEND PROPERTY PEERBAR_LIBRARY_DIRS
		${CMAKE_CURRENT_BINARY_DIR})
	foreach(prefix IN LISTS ARGN)
		set_property(GLOBAL APPEND_STRING PROPERTY PEERBAR_NEEDS
			"set(peerbar_${component}_needs ${prefix} ${${prefix}_MODULE_NAME})\n")
	endforeach()
endfunction()

# After all libraries.
function(peerbar_install_package)
	get_property(PEERBAR_COMPONENTS GLOBAL PROPERTY PEERBAR_COMPONENTS)
	get_property(PEERBAR_NEEDS GLOBAL PROPERTY PEERBAR_NEEDS)
	configure_package_config_file(
		${PROJECT_SOURCE_DIR}/cmake/peerbarConfig.cmake.in peerbarConfig.cmake
		INSTALL_DESTINATION ${PEERBAR_CMAKE_DIR})
	write_basic_package_version_file(peerbarConfigVersion.cmake
		COMPATIBILITY SameMinorVersion)
	install(FILES ${CMAKE_CURRENT_BINARY_DIR}/peerbarConfig.cmake
		${CMAKE_CURRENT_BINARY_DIR}/peerbarConfigVersion.cmake
		DESTINATION ${PEERBAR_CMAKE_DIR} COMPONENT dev)
endfunction()

# peerbar_man3(header...) - section 3 from the comments of the headers
function(peerbar_man3)
	set(dir ${CMAKE_CURRENT_BINARY_DIR}/man3)
	set(program ${PROJECT_SOURCE_DIR}/cmake/man3.awk)
	add_custom_command(OUTPUT ${dir}/stamp
		COMMAND ${CMAKE_COMMAND} -E rm -rf ${dir}
		COMMAND ${CMAKE_COMMAND} -E make_directory ${dir}
		COMMAND awk -v out=${dir} -v version=${PROJECT_VERSION}
			-f ${program} ${ARGN}
		COMMAND ${CMAKE_COMMAND} -E touch ${dir}/stamp
		DEPENDS ${program} ${ARGN}
		COMMENT "Writing man pages of the headers" VERBATIM)
	add_custom_target(man3 ALL DEPENDS ${dir}/stamp)
	install(DIRECTORY ${dir}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man3
		COMPONENT dev FILES_MATCHING PATTERN "*.3")
endfunction()
