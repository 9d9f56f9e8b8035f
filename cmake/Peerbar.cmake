# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the leaf CMakeLists.txt say: peerbar_library, peerbar_program,
# peerbar_test.  Mechanics live here, declarations there.
include_guard(GLOBAL)
include(Install)

add_library(peerbar_flags INTERFACE)
target_compile_features(peerbar_flags INTERFACE c_std_11)
target_compile_definitions(peerbar_flags INTERFACE _GNU_SOURCE)
target_compile_options(peerbar_flags INTERFACE
	-Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow
	-Wpointer-arith -Wvla -Wno-unused-parameter -fvisibility=hidden
	# how the kernel's own headers are meant to be used
	$<$<C_COMPILER_ID:Clang>:-Wno-gnu-variable-sized-type-not-at-end>
	$<$<BOOL:${PEERBAR_WERROR}>:-Werror>)
if(PEERBAR_SANITIZE)
	target_compile_options(peerbar_flags INTERFACE
		-fsanitize=${PEERBAR_SANITIZE} -fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	target_link_options(peerbar_flags INTERFACE
		-fsanitize=${PEERBAR_SANITIZE})
endif()

# peerbar_find(PREFIX pkg-config-module PACKAGE debian-name WITHOUT consequence
#	[SINCE version BECAUSE what-came-with-it]
#	[KNOWN_BY file-with-@VERSION@])
# KNOWN_BY: only minor versions for which there is such a file, "1_18" for 1.18.x.
# An optional dependency: PEERBAR_<PREFIX> defaults to AUTO; ON makes absence an
# error, OFF does not look.  Target: PkgConfig::PREFIX.
function(peerbar_find prefix module)
	cmake_parse_arguments(arg "" "PACKAGE;WITHOUT;SINCE;BECAUSE;KNOWN_BY" "" ${ARGN})
	set(PEERBAR_${prefix} AUTO CACHE STRING "Use ${module}: AUTO, ON or OFF")
	if(NOT PEERBAR_${prefix})
		set(why "switched off")
	else()
		pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
		set(why "not found; install ${arg_PACKAGE}")
	endif()
	if(${prefix}_FOUND AND arg_SINCE AND
			${prefix}_VERSION VERSION_LESS arg_SINCE)
		set(why "${${prefix}_VERSION} is too old, ${arg_SINCE} is the \
first with ${arg_BECAUSE}")
		set(${prefix}_FOUND FALSE)
	endif()
	if(${prefix}_FOUND AND arg_KNOWN_BY)
		string(REGEX REPLACE "^([0-9]+)\\.([0-9]+).*" "\\1_\\2" VERSION
			${${prefix}_VERSION})
		string(CONFIGURE ${arg_KNOWN_BY} file @ONLY)
		if(NOT EXISTS ${PROJECT_SOURCE_DIR}/${file})
			set(why "${${prefix}_VERSION} is not known here: no ${file}")
			set(${prefix}_FOUND FALSE)
		endif()
	endif()
	if(NOT ${prefix}_FOUND)
		if(PEERBAR_${prefix} STREQUAL "ON")
			message(FATAL_ERROR "${module} ${why}")
		endif()
		peerbar_missing("${module} ${why}: ${arg_WITHOUT}")
	endif()
	set(${prefix}_FOUND ${${prefix}_FOUND} PARENT_SCOPE)
endfunction()

function(peerbar_missing text)
	string(REPLACE ";" "\\;" text "${text}")
	set_property(GLOBAL APPEND PROPERTY PEERBAR_MISSING "${text}")
endfunction()

# Only what is missing, and what is lost with it.
function(peerbar_report)
	get_property(missing GLOBAL PROPERTY PEERBAR_MISSING)
	foreach(text IN LISTS missing)
		message(STATUS "missing: ${text}")
	endforeach()
endfunction()

# peerbar_library(name MAP file SOVERSION n SOURCES ... LINK ... )
# A shared library with hidden visibility and a symbol map, installed with
# <name>.pc.in; and lib<name>_static under the target <name>_static for unit tests
# that reach inside.
function(peerbar_library name)
	cmake_parse_arguments(arg "" "MAP;SOVERSION" "SOURCES;LINK" ${ARGN})
	set(map ${CMAKE_CURRENT_SOURCE_DIR}/${arg_MAP})
	add_library(${name} SHARED ${arg_SOURCES})
	add_library(${name}_static STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
	set_target_properties(${name} PROPERTIES
		VERSION ${PROJECT_VERSION} SOVERSION ${arg_SOVERSION}
		LINK_DEPENDS ${map})
	target_link_options(${name} PRIVATE
		-Wl,--version-script=${map} -Wl,--no-undefined)
	foreach(target ${name} ${name}_static)
		target_include_directories(${target}
			PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/providers/include>
			       $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
			PRIVATE ${PROJECT_SOURCE_DIR}/kernel/uapi)
		target_link_libraries(${target}
			PUBLIC ${arg_LINK} PRIVATE peerbar_flags)
	endforeach()
	set(prefixes ${arg_LINK})
	list(FILTER prefixes INCLUDE REGEX "^PkgConfig::")
	list(TRANSFORM prefixes REPLACE "^PkgConfig::" "")
	peerbar_install_library(${name} ${prefixes})
endfunction()

# peerbar_module(name MAP file DESTINATION folder SOURCES ... LINK ...
#	[BESIDE ...] [COMPONENT lib])
# A plug-in lib<name>.so, loaded by somebody else's library, and
# lib<name>_static for unit tests.  It finds BESIDE, libraries that it asks for
# at run time, and what it is linked with in its own folder.
function(peerbar_module name)
	cmake_parse_arguments(arg "" "MAP;DESTINATION;COMPONENT"
		"SOURCES;LINK;BESIDE" ${ARGN})
	if(NOT arg_COMPONENT)
		set(arg_COMPONENT ${CMAKE_INSTALL_DEFAULT_COMPONENT_NAME})
	endif()
	set(map ${CMAKE_CURRENT_SOURCE_DIR}/${arg_MAP})
	add_library(${name} MODULE ${arg_SOURCES})
	add_library(${name}_static STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
	set_target_properties(${name} PROPERTIES LINK_DEPENDS ${map})
	target_link_options(${name} PRIVATE
		-Wl,--version-script=${map} -Wl,--no-undefined)
	foreach(library IN LISTS arg_BESIDE)
		set_property(TARGET ${name} APPEND PROPERTY
			BUILD_RPATH $<TARGET_FILE_DIR:${library}>)
		set_property(TARGET ${name} PROPERTY INSTALL_RPATH $ORIGIN)
		add_dependencies(${name} ${library})
	endforeach()
	foreach(target ${name} ${name}_static)
		target_link_libraries(${target}
			PUBLIC ${arg_LINK} PRIVATE peerbar_flags)
	endforeach()
	install(TARGETS ${name} LIBRARY DESTINATION ${arg_DESTINATION}
		COMPONENT ${arg_COMPONENT})
endfunction()

# peerbar_program(name SOURCES ... LINK ...)
function(peerbar_program name)
	cmake_parse_arguments(arg "NO_INSTALL" "" "SOURCES;LINK" ${ARGN})
	add_executable(${name} ${arg_SOURCES})
	target_link_libraries(${name} PRIVATE ${arg_LINK} peerbar_flags)
	if(NOT arg_NO_INSTALL)
		install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_BINDIR}
			COMPONENT tools)
	endif()
endfunction()

# peerbar_test(name TIER unit|vm SOURCES ... LINK ... [KERNELS ...] [TIMEOUT s])
# Tier unit runs under ctest on any machine.  Tier vm is only built here; it is
# listed in tests/vm/suite of the build tree with the kernels it is for, and run
# by tests/vm/run inside the guest.  With KERNELS a test of tier unit is both.
# Exit status 4 is a skip.
function(peerbar_test name)
	cmake_parse_arguments(arg "" "TIER;TIMEOUT" "SOURCES;LINK;KERNELS" ${ARGN})
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 120)
	endif()
	add_executable(${name} ${arg_SOURCES})
	target_link_libraries(${name} PRIVATE ${arg_LINK} peerbar_flags)
	if(arg_TIER STREQUAL "unit")
		add_test(NAME ${name} COMMAND ${name})
		set_tests_properties(${name} PROPERTIES
			LABELS unit SKIP_RETURN_CODE 4 TIMEOUT ${arg_TIMEOUT})
	endif()
	if(arg_KERNELS)
		file(RELATIVE_PATH path ${PROJECT_BINARY_DIR}
			${CMAKE_CURRENT_BINARY_DIR}/${name})
		peerbar_vm_suite_add(${path} ${arg_TIMEOUT} ${arg_KERNELS})
	endif()
endfunction()

# peerbar_vm_script(name KERNELS ... [TIMEOUT s])
# A test of tier vm that is a script, run from where it is in the checkout.
function(peerbar_vm_script name)
	cmake_parse_arguments(arg "" "TIMEOUT" "KERNELS" ${ARGN})
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 120)
	endif()
	file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR}
		${CMAKE_CURRENT_SOURCE_DIR}/${name})
	peerbar_vm_suite_add(${path} ${arg_TIMEOUT} ${arg_KERNELS})
endfunction()

function(peerbar_vm_suite_add path timeout)
	list(JOIN ARGN "," kernels)
	set_property(GLOBAL APPEND_STRING PROPERTY PEERBAR_VM_SUITE
		"${path} ${kernels} ${timeout}\n")
endfunction()

# What tests/vm/run reads: program, kernels, seconds; one test a line.
function(peerbar_vm_suite)
	get_property(suite GLOBAL PROPERTY PEERBAR_VM_SUITE)
	file(WRITE ${PROJECT_BINARY_DIR}/tests/vm/suite "${suite}")
endfunction()
