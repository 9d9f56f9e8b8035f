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
