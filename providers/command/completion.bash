# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Completion of peerbar(1).  Options are asked of the program itself.

_peerbar_functions() {
	local dir
	for dir in /sys/bus/pci/devices/*; do
		[ ! -e "$dir" ] || printf '%s\n' "${dir##*/}"
	done
}

_peerbar_exports() {
	local file
	for file in "${PEERBAR_RUN_DIR:-/run/peerbar}"/export-* \
		"${XDG_RUNTIME_DIR:-/nonexistent}"/peerbar/export-*; do
		[ ! -e "$file" ] || printf '%s\n' "${file##*/export-}"
	done
}

_peerbar_options() {
	"${COMP_WORDS[0]}" "$1" --help 2>/dev/null | grep -oE -- '--[a-z-]+' | sort -u
}

# What stands behind --exec is a command line of its own.
_peerbar_program() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--exec | -x)
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			else
				mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
			fi
			return 0 ;;
		esac
	done
	return 1
}

_peerbar() {
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]:-} words
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words='list bind unbind probe export revoke watch help --help --version'
	elif [ "$command" = export ] && _peerbar_program; then
		return
	elif [[ $word == -* ]]; then
		words=$(_peerbar_options "$command")
	else
		case $command in
		bind | unbind | probe | export) words=$(_peerbar_functions) ;;
		revoke) words=$(_peerbar_exports) ;;
		watch) words="$(_peerbar_functions) $(_peerbar_exports)" ;;
		help) words='list bind unbind probe export revoke watch' ;;
		*) return ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	# a PCI address is one word only where colons do not end words
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$word"
	fi
}

complete -o default -F _peerbar peerbar
