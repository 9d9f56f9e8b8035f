# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Shared by the scripts of benchmarks/.  Sourced, never run.

say() { printf '[benchmarks] %s\n' "$*"; }
die() { printf '[benchmarks] error: %s\n' "$*" >&2; exit 1; }

# largest_bar BDF - "INDEX SIZE" of its largest memory BAR
largest_bar() {
	local line index=0 best=-1 size=0 n words
	while read -r line && [ "$index" -lt 6 ]; do
		read -r -a words <<<"$line"
		n=$((words[1] > words[0] ? words[1] - words[0] + 1 : 0))
		# bit 9 of the flags: memory, not ports
		if [ $((words[2] >> 9 & 1)) = 1 ] && [ "$n" -gt "$size" ]; then
			best=$index size=$n
		fi
		index=$((index + 1))
	done <"/sys/bus/pci/devices/$1/resource"
	[ "$best" -ge 0 ] || die "$1 has no memory BAR"
	printf '%s %s\n' "$best" "$size"
}

# bar_of BDF - its largest BAR, as --mem names it
bar_of() {
	local found
	found=$(largest_bar "$1")
	printf 'bar:%s/%s\n' "$1" "${found% *}"
}

# three_ranges BDF - that BAR in three pieces out of order, without "bar:"
#
# Of 768 KiB where they fit: a run spreads its messages over 2 MiB, so that
# both joints lie amid messages.
three_ranges() {
	local found unit
	found=$(largest_bar "$1")
	unit=$((${found#* } / 8))
	[ "$unit" -le $((768 << 10)) ] || unit=$((768 << 10))
	[ "$unit" -ge 4096 ] || die "the BAR of $1 is too small: ${found#* } bytes"
	printf '%s/%s@0x%x+0x%x,0+0x%x,0x%x+0x%x\n' "$1" "${found% *}" \
		$((4 * unit)) "$unit" "$unit" $((2 * unit)) "$unit"
}

# step WHAT - progress
step() {
	printf '\n'
	say "$(printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))) $1"
}

# What is measured.  $parts is where the JSON goes, $tables where the text goes;
# "between PROGRAM NEAR FAR OPTION..." runs a program with these memories of both
# ends, words in one argument each; "alone PROGRAM OPTION..." runs one.  $events
# is -e where polling would take the CPUs from those who are waited for.

# measure_ends NEAR FAR - NEAR and FAR are ranges of a BAR of either end
# shellcheck disable=SC2086 # $events is a word or none
measure_ends() {
	step "RDMA WRITE and READ, BAR and host memory taking turns"
	between peerbar_bw "host host bar:$1" "host bar:$2 bar:$2" \
		-O write,read -s 64,1K,4K,16K,64K,256K,1M -t 8 -D 0.1 $events \
		--rounds 7 --json "$parts/bandwidth.json" |
		tee "$tables/bandwidth.txt"
	step "SEND, direct and by way of bounce buffers"
	between peerbar_bw "host bar:$1 bounce:$1" "host bar:$2 bounce:$2" \
		-O send -s 4K,16K,64K,256K,1M -t 8 -e -D 0.3 --rounds 5 --cpu_util \
		--json "$parts/bounce.json" | tee "$tables/bounce.txt"
	step "latency"
	between peerbar_lat "host host bar:$1" "host bar:$2 bar:$2" \
		-O write,read,send -s 64 -n 200 --rounds 5 $events \
		--json "$parts/latency.json" | tee "$tables/latency.txt"
}

# measure_alone BDF NIC BIG-BDF [OPTION-OF-REVOKE...]
measure_alone() {
	local bar
	bar=$(bar_of "$1")
	step "CPU copies"
	alone peerbar_copy --mem "$bar" -D 0.03 --json "$parts/copy.json" |
		tee "$tables/copy.txt"
	step "page faults"
	alone peerbar_fault --mem "$(bar_of "$3")" --json "$parts/fault.json" |
		tee "$tables/fault.txt"
	step "registration"
	alone peerbar_reg -d "$2" --mem "$bar" --json "$parts/reg.json" |
		tee "$tables/reg.txt"
	step "revokes, one factor at a time"
	alone peerbar_revoke -d "$2" --mem "$bar" --scale \
		--json "$parts/revoke_scale.json" |
		tee "$tables/revoke_scale.txt"
	step "taking the memory back under load"
	alone peerbar_revoke -d "$2" --mem "$bar" "${@:4}" \
		--json "$parts/revoke.json" | tee "$tables/revoke.txt"
}
