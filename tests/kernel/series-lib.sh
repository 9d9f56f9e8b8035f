# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Shared by tests/kernel/series and series-check.  Sourced at the top of the tree.

. kernel/lib.sh

tests/lab/require git patch perl
root=$(tests/lab/root)
version=$(cat "$root/kernel-version")
series_set "$version"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# plain_make TREE - the plain drivers as a git tree that hides what a build makes
plain_make() {
	cp -r "$root/linux" "$1"
	git -C "$1" init --quiet
	git -C "$1" config user.name tests
	git -C "$1" config user.email tests@localhost
	printf '%s\n' '*.o' '*.ko' '*.mod' '*.mod.c' '.*.cmd' '.*.d' \
		modules.order Module.symvers >"$1/.git/info/exclude"
	git -C "$1" add --all
	git -C "$1" commit --quiet --message=plain
}
