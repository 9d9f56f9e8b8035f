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

# three_ranges BDF - that BAR in three pieces out of order
#
# Of 768 KiB where they fit: a run spreads its messages over 2 MiB, so that
# both joints lie amid messages.
three_ranges() {
	local found unit
	found=$(largest_bar "$1")
	unit=$((${found#* } / 8))
	[ "$unit" -le $((768 << 10)) ] || unit=$((768 << 10))
	[ "$unit" -ge 4096 ] || die "the BAR of $1 is too small: ${found#* } bytes"
	printf 'bar:%s/%s@0x%x+0x%x,0+0x%x,0x%x+0x%x\n' "$1" "${found% *}" \
		$((4 * unit)) "$unit" "$unit" $((2 * unit)) "$unit"
}

# run_revoke OUT PROGRAM... - the revoke report
run_revoke() {
	local out=$1
	shift
	printf '\n'
	say "taking the memory back under load"
	"$@" --json "$out/revoke.json" | tee "$out/revoke.txt"
}

# collect OUT - one document of what the programs left there
collect() {
	{
		printf '{"schema": "peerbar-results", "version": 1,\n"bandwidth": '
		cat "$1/bandwidth.json"
		printf ',\n"revoke": '
		cat "$1/revoke.json"
		printf '}\n'
	} >"$1/results.json"
	rm "$1/bandwidth.json" "$1/revoke.json"
}
