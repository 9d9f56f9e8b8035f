# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Debian packages by "cpack --preset package": libpeerbar0, libpeerbar-dev,
# peerbar-tools, peerbar-rxe and peerbar-ucx where they are built.  What they depend
# on is computed from what the programs are linked with.
include_guard(GLOBAL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "the peerbar project <peerbar@example.org>")
set(CPACK_PACKAGE_HOMEPAGE_URL)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
get_property(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
	GLOBAL PROPERTY PEERBAR_LIBRARY_DIRS)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

# package(component name section DEPENDS ... DESCRIPTION text)
macro(peerbar_package component name section)
	cmake_parse_arguments(arg "" "DEPENDS;DESCRIPTION" "" ${ARGN})
	string(TOUPPER ${component} upper)
	list(APPEND CPACK_COMPONENTS_ALL ${component})
	set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
	set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
	set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${arg_DEPENDS}")
	set(CPACK_COMPONENT_${upper}_DESCRIPTION "${arg_DESCRIPTION}")
endmacro()

set(same "libpeerbar0 (= ${PROJECT_VERSION})")
set(CPACK_COMPONENTS_ALL)
peerbar_package(lib libpeerbar0 libs
	DESCRIPTION "PCI BAR memory as dma-bufs: libraries
 BARs of devices bound to vfio-pci are exported as dma-bufs, mapped by CPUs,
 registered by RDMA NICs and taken back from both.")
peerbar_package(dev libpeerbar-dev libdevel DEPENDS "${same}, libibverbs-dev"
	DESCRIPTION "PCI BAR memory as dma-bufs: development files
 Headers, pkg-config and CMake files, man pages.")
peerbar_package(tools peerbar-tools utils DEPENDS "${same}"
	DESCRIPTION "PCI BAR memory as dma-bufs: programs
 The peerbar command (list, bind, probe, export, revoke, watch), bandwidth of
 RDMA on BAR memory, and what its revoke does.")
if(TARGET librxe)
	peerbar_package(rxe peerbar-rxe libs
		DESCRIPTION "PCI BAR memory as dma-bufs: soft-RoCE
 The rxe provider of rdma-core with registration of dma-bufs.")
endif()
if(TARGET uct_vfio)
	peerbar_package(ucx peerbar-ucx libs DEPENDS "${same}"
		DESCRIPTION "PCI BAR memory as dma-bufs: UCX plug-in
 For UCX ${UCX_VERSION} and the MPI libraries above it.")
endif()
include(CPack)
