# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# For the guest's tests that are scripts.  Sourced, never run.

: "${PEERBAR_BUILD:?run me in the guest: tests/lab/vm -- tests/vm/run ${0##*/}}"
tap_count=0 tap_bad=0
tap_dir=$(mktemp -d)
tap_trace=/sys/kernel/tracing/instances/peerbar-${0##*/}

tap_clean() {
	[ ! -d "$tap_trace" ] || rmdir "$tap_trace"
	rm -rf "$tap_dir"
}
trap tap_clean EXIT

# tap TITLE COMMAND... - one test; what it says is told when it fails
tap() {
	local title=$1 status=0
	shift
	tap_count=$((tap_count + 1))
	# In the background: inside a condition bash ignores set -e.
	(set -eu; "$@") >"$tap_dir/said" 2>&1 &
	wait $! || status=$?
	if [ "$status" = 0 ]; then
		printf 'ok %s - %s\n' "$tap_count" "$title"
		return
	fi
	sed 's/^/# /' "$tap_dir/said"
	printf 'not ok %s - %s\n' "$tap_count" "$title"
	tap_bad=1
}

tap_done() { exit "$tap_bad"; }

die() { printf '%s\n' "$*"; exit 1; }

# Who attaches to a dma-buf, in an instance of our own.  A memory region on a
# dma-buf is an attachment of its NIC; a region on ordinary memory is none.
attaches_watch() {
	mkdir -p "$tap_trace"
	echo 1 >"$tap_trace/events/dma_buf/dma_buf_dynamic_attach/enable"
}

attaches_forget() { : >"$tap_trace/trace"; }

# attaches_are N - so many, all of them of a VFIO buffer to the NIC
attaches_are() {
	local all ours
	all=$(grep -c dma_buf_dynamic_attach: "$tap_trace/trace") || :
	ours=$(grep dma_buf_dynamic_attach: "$tap_trace/trace" |
		grep exp_name=vfio | grep -c "dev_name=$PEERBAR_TEST_RDMA\$") || :
	[ "$all" = "$1" ] && [ "$ours" = "$1" ] && return
	cat "$tap_trace/trace"
	die "$all attachments, $ours of them of BARs to $PEERBAR_TEST_RDMA, not $1"
}

# listens PORT PID - once the process does; fails when it ends first
listens() {
	until ss -ltnH "sport = :$1" | grep -q .; do
		kill -0 "$2" 2>/dev/null || return 1
	done
}
