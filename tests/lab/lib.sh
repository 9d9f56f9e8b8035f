# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Shared by the scripts of the lab.  Sourced, never run.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SRC=$(cd "$LAB/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/peerbar

# What the guest is made of.  Point releases of the kernel are resolved when
# the guest root is made and kept with it.
SUITE=trixie
KERNEL_SERIES=7.3

say() { printf '[lab] %s\n' "$*" >&2; }
die() { printf '[lab] error: %s\n' "$*" >&2; exit 1; }

# key FILE|WORD... - a short digest of the contents of files and of words
key() {
	local x
	for x in "$@"; do
		if [ -f "$x" ]; then
			cat "$x"
		else
			printf '%s\n' "$x"
		fi
	done | sha256sum | cut -c1-12
}

# stage NAME KEY FUNCTION - make $CACHE/NAME-KEY once, whoever asks first
#
# FUNCTION gets an empty folder and fills it; the folder takes its final name
# only when FUNCTION succeeded, so that nothing half-made is ever found.
# Prints the path.
stage() {
	local name=$1 dir=$CACHE/$1-$2 make=$3 tmp start

	mkdir -p "$CACHE"
	exec 9>"$CACHE/$name.lock"
	flock 9
	if [ ! -d "$dir" ]; then
		# what an interrupted run left (we hold the lock, so nobody is at
		# it), and what nobody has used for a week
		rm -rf --one-file-system "$CACHE/$name.tmp."*
		find "$CACHE" -maxdepth 1 -name "$name-[0-9a-f]*" -mtime +7 \
			-exec rm -rf --one-file-system {} +
		tmp=$(mktemp -d "$CACHE/$name.tmp.XXXXXX")
		chmod 755 "$tmp"
		start=$SECONDS
		say "making $name (kept in $dir)"
		# In the background: inside a condition bash ignores set -e.
		(set -eu; "$make" "$tmp") </dev/null >"$tmp.log" 2>&1 &
		# shellcheck disable=SC2064 # these very values
		trap "pkill -TERM -P $!; kill $!; rm -rf --one-file-system '$tmp' '$tmp.log'; exit 130" INT TERM
		if ! wait $!; then
			tail -n 25 "$tmp.log" >&2
			mv "$tmp.log" "$CACHE/$name-failed.log"
			rm -rf --one-file-system "$tmp"
			die "$name could not be made; all of it: $CACHE/$name-failed.log"
		fi
		trap - INT TERM
		rm -f "$tmp.log"
		mv "$tmp" "$dir"
		say "$name made in $((SECONDS - start)) s"
	fi
	touch "$dir"
	flock -u 9
	exec 9>&-
	printf '%s\n' "$dir"
}

need_root() {
	[ "$(id -u)" = 0 ] ||
		die "$1 takes root (it enters a guest root by chroot); run it with sudo"
}

root_dir() { "$LAB/root"; }

# The guest's build tree of this checkout.
build_dir() {
	local dir
	dir=$CACHE/build-$(key "$SRC" "$(root_dir)")
	mkdir -p "$dir"
	printf '%s\n' "$dir"
}

kernel_version() { cat "$(root_dir)/kernel-version"; }
