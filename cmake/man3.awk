# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# awk -v out=DIR -v version=V -f man3.awk HEADER... - man pages of section 3
#
# One page for each header <peerbar/X.h> that declares a function, peerbar_X.3,
# and for each of its functions a page that leads there.  What it knows of the
# comments: "DOC: title" opens the file's own, "name - short" (one or more), "@parameter:
# text", paragraphs, "Word: text" for what all comments have (Return, Ownership,
# Revoke, Threads, Source), and indented "-EXXX  text".

function troff(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	while (match(text, /@[a-z_0-9]+/))
		text = substr(text, 1, RSTART - 1) "\\fI" \
			substr(text, RSTART + 1, RLENGTH - 1) "\\fP" \
			substr(text, RSTART + RLENGTH)
	return text ~ /^[.']/ ? "\\&" text : text
}

function text(line) { body = body troff(line) "\n" }
function macro(line) { body = body line "\n" }

# one line of a comment, without its " * "
function doc_line(line) {
	if (line ~ /^DOC: /) {
		title = substr(line, 6)
	} else if (line ~ /^(struct |enum )?[a-z_0-9]+ - / && fresh) {
		name = line; sub(/ - .*/, "", name); sub(/.* - /, "", line)
		macro((titled++ ? ".PP\n.B " : ".SS ") troff(name))
		macro(".br"); text(toupper(substr(line, 1, 1)) substr(line, 2))
	} else if (line == "") {
		fresh = 0
		macro(".PP")
	} else if (line ~ /^@[a-zA-Z_0-9, @]+:/) {
		fresh = 0
		name = line; sub(/:.*/, "", name); gsub(/@/, "", name)
		sub(/^[^:]*: */, "", line)
		macro(".TP\n.I " troff(name)); text(line)
	} else if (line ~ /^[ \t]+-E[A-Z0-9]+/) {
		name = line; sub(/^[ \t]+/, "", name)
		match(name, /^-E[A-Z0-9]+(, -E[A-Z0-9]+)*/)
		line = substr(name, RLENGTH + 1); name = substr(name, 1, RLENGTH)
		sub(/^ +/, "", line)
		macro(".TP\n.B " troff(name)); text(line)
	} else if (match(line, /^(Return|Ownership|Revoke|Threads|Source|Lifetime): /)) {
		fresh = 0
		macro(".PP\n.B " substr(line, 1, RLENGTH - 1))
		text(substr(line, RLENGTH + 1))
	} else {
		sub(/^[ \t]+/, "", line)
		text(line)
	}
}

function open_header(file) {
	name = file; sub(/.*\//, "", name); sub(/\.h$/, "", name)
	page = "peerbar_" name; include = "<peerbar/" name ".h>"
	title = body = synopsis = ""
	nr_functions = 0; state = ""
}

function close_header(    file, i, names) {
	if (!nr_functions)
		return
	for (i = 1; i <= nr_functions; i++) {
		names = names (i > 1 ? ", " : "") functions[i]
		file = out "/" functions[i] ".3"
		if (functions[i] != page) {
			print ".so man3/" page ".3" > file
			close(file)
		}
	}
	file = out "/" page ".3"
	print ".\\\" SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause" > file
	print ".TH " toupper(page) " 3 \"\" \"peerbar " version "\"" \
		" \"peerbar functions\"" > file
	print ".SH NAME\n" names " \\- " tolower(title) > file
	print ".SH SYNOPSIS\n.nf\n.B #include " include "\n" synopsis ".fi" > file
	print ".SH DESCRIPTION\n" body > file
	print ".SH SEE ALSO\n.BR peerbar (7),\n.BR peerbar_revoke (7)" > file
	close(file)
}

FNR == 1 { if (page) close_header(); open_header(FILENAME) }

state == "" && /^\/\*\*/ {
	state = "doc"; fresh = 1; titled = 0
	sub(/^\/\*\* */, "")
	if (/\*\//) { sub(/ *\*\/.*/, ""); doc_line($0); state = "" }
	else if ($0 != "") doc_line($0)
	next
}
state == "doc" {
	if (/\*\//) { state = ""; next }
	sub(/^ \*[ ]?/, "")
	doc_line($0)
	next
}
# types and constants
state == "" && /^#define PEERBAR_[A-Z_]+[ \t]/ && !/_H$/ {
	synopsis = synopsis troff($0) "\n.PP\n"
}
state == "" && /^(struct|enum) [a-z_]+ \{/ { state = "type" }
state == "type" {
	sub(/[ \t]*\/\*[^*]*\*\//, "")
	synopsis = synopsis troff($0) "\n"
	if (/^\}/) { synopsis = synopsis ".PP\n"; state = "" }
	next
}
# a function, up to its semicolon
state == "" && /^[a-z].*peerbar_[a-z_0-9]*\(/ { state = "decl" }
state == "decl" {
	if (match($0, /peerbar_[a-z_0-9]+\(/) && !/^\t/)
		functions[++nr_functions] = substr($0, RSTART, RLENGTH - 1)
	if (!/^#/ && !/__attribute__/)
		synopsis = synopsis troff($0) "\n"
	if (/;/) { synopsis = synopsis ".PP\n"; state = "" }
}
END { close_header() }
