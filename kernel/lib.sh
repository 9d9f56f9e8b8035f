# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash disable=SC2034 # the variables are its users'
# Shared by kernel/build and kernel/series.  Sourced, never run.

KERNEL_SIDE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
me=$(realpath "$0")
me=kernel/${me##*/kernel/}

die() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }
bad_usage() { printf '%s: %s; try --help\n' "$me" "$*" >&2; exit 2; }
usage() { sed -n '4,/^set -eu/{/^set/d; s/^# \{0,1\}//; p}' "$0"; }

# components_set [ONLY] - components: all, or the one of this name
components_set() {
	case $1 in
	'') components=(vfio-pci rxe) ;;
	vfio-pci | rxe) components=("$1") ;;
	*) bad_usage "--only takes vfio-pci or rxe" ;;
	esac
}

# What a component is: its folder in the kernel, where our files for it are, the
# numbers of its patches, its modules, and what switches them on.
describe() {
	case $1 in
	vfio-pci)
		folder=drivers/vfio/pci patches=00 ours=(vfio-pci uapi)
		modules=(vfio-pci-core.ko vfio-pci.ko)
		config=(CONFIG_VFIO_PCI=m CONFIG_VFIO_PCI_CORE=m) ;;
	rxe)
		folder=drivers/infiniband/sw/rxe patches=01 ours=(rxe)
		modules=(rdma_rxe.ko)
		config=(CONFIG_RDMA_RXE=m) ;;
	esac
	ours=("${ours[@]/#/$KERNEL_SIDE/}")
}

# series_set VERSION - series, and series_dir with the patches for it
series_set() {
	series=$(printf '%s' "$1" | grep -oE '^[0-9]+\.[0-9]+') ||
		bad_usage "--kernel: '$1' is no kernel version"
	series_dir=$KERNEL_SIDE/patches/$series
	[ -d "$series_dir" ] ||
		die "no patches for kernel $series; there are some for: $(ls "$KERNEL_SIDE/patches")"
}

# point_of RELEASE - 7.3.4 of 7.3.4+deb13-amd64
point_of() { printf '%s' "$1" | grep -oE '^[0-9]+\.[0-9]+(\.[0-9]+)?'; }

# source_get WHERE TREE - the folders of our components, and the Makefile
source_get() {
	local c
	local -a members=()
	[ -e "$1" ] || die "no kernel source at $1: install linux-source-$series or give --source"
	for c in "${components[@]}"; do
		describe "$c"
		members+=("$folder")
	done
	if [ -d "$1" ]; then
		(cd "$1" && cp -r --parents Makefile "${members[@]}" "$2")
	else
		tar -x -f "$1" -C "$2" --strip-components=1 --wildcards \
			--no-wildcards-match-slash '*/Makefile' "${members[@]/#/*/}"
	fi || die "$1 is not the source of a kernel"
}

# source_is TREE POINT - whether that is what it is the source of
source_is() {
	[ "$(source_version "$1")" = "$2" ] || [ "$(source_version "$1")" = "$2.0" ]
}

# source_version TREE
source_version() {
	sed -n -E 's/^(VERSION|PATCHLEVEL|SUBLEVEL) = ([0-9]+)$/\2/p' \
		"$1/Makefile" | paste -sd.
}
