#!/usr/bin/env bash
# Data goes one way: a layer includes contracts of layers to its left and its own private headers, nothing else. Prints TAP.
set -u
cd "${SRCDIR:-$(dirname "$0")/..}" || exit 1

# From left to right; those with one rank do not know each other.
declare -A rank=([base]=0 [collect]=1 [attribute]=2 [model]=3 [action]=4 [export]=4 [tui]=5 [main]=6)

# The layer that a contract in include/clade belongs to.
declare -A home=(
	[arena.h]=base [aside.h]=base [clock.h]=base [hash.h]=base [ini.h]=base [io.h]=base [jsonw.h]=base [mem.h]=base [safe.h]=base [text.h]=base [units.h]=base
	[users.h]=base [cgroup.h]=collect [collector.h]=collect [events.h]=collect [inspect.h]=collect [snapshot.h]=collect [source.h]=collect [recording.h]=collect [recorded.h]=collect [frame.h]=collect [zst.h]=base
	[attribution.h]=attribute [attributor.h]=attribute
	[bundle.h]=model [check.h]=model [diff.h]=model [column.h]=model [columns.def]=model [model.h]=model [moment.h]=model [query.h]=model [rows.h]=model [selection.h]=model [thresholds.h]=model
	[comeback.h]=action [supervisor.h]=action
	[audit.h]=action [execute.h]=action [haste.h]=action [nice.h]=action [plan.h]=action
	[confine.h]=action [diff_export.h]=export [export.h]=export [redact.h]=export [samples.h]=export [ring.h]=export [tui.h]=tui
)

count=0
failed=0
check() { # NAME WRONG...: passes when nothing is wrong
	local name=$1
	shift
	count=$((count + 1))
	if [ -z "$*" ]; then
		echo "ok $count - $name"
	else
		failed=$((failed + 1))
		echo "not ok $count - $name"
		printf '%s\n' "$@" | sed 's/^/# /'
	fi
}

layer_of() { # FILE
	case $1 in
	include/clade/*) echo "${home[${1##*/}]:-}" ;;
	src/*/*) dirname "${1#src/}" ;;
	src/*) echo main ;;
	esac
}

# Lines "FILE:LINE:..." whose code, without comments, matches.
code() { # REGEX FILE...
	local regex=$1 file
	shift
	for file in "$@"; do
		sed -e 's|/\*.*\*/||' -e 's|/\*.*||' -e 's|^[[:space:]]*\*.*||' "$file" | grep -nE "$regex" | sed "s|^|$file:|"
	done
}

sources=$(find src include -name '*.[ch]' -o -name '*.def' | sort)

wrong=$(for file in include/clade/*; do [ -n "$(layer_of "$file")" ] || echo "$file belongs to no layer: add it to home"; done)
check "every contract belongs to a layer" "$wrong"

wrong=$(for file in $sources; do
	layer=$(layer_of "$file")
	grep -oE '^#include "[^"]+"' "$file" | sed 's/.*"\(.*\)"/\1/' | while read -r header; do
		case $header in
		clade/*)
			other=${home[${header#clade/}]:-}
			[ -n "$other" ] || { echo "$file includes $header, which is unknown"; continue; }
			if [ "$other" != "$layer" ] && [ "${rank[$other]}" -ge "${rank[$layer]}" ]; then
				echo "$file ($layer) includes $header ($other)"
			fi
			;;
		clade_bpf.skel.h) [ "$file" = src/collect/bpf.c ] || echo "$file includes $header" ;;
		demo_bytes.h) [ "$file" = src/demo.c ] || echo "$file includes $header" ;;
		owners_conf.h) [ "$layer" = attribute ] || echo "$file includes $header" ;;
		*) [ -f "$(dirname "$file")/$header" ] || echo "$file includes $header, which is not its own layer's" ;;
		esac
	done
done)
check "a layer includes only what is to its left" "$wrong"

only() { # SENTENCE REGEX FILE...: only these files may match
	local sentence=$1 regex=$2 others
	shift 2
	others=$(printf '%s\n' $sources | grep -vxF "$(printf '%s\n' "$@")")
	check "$sentence" "$(code "$regex" $others)"
}
only "only procps.c and machine.c know libproc2" '<libproc2/' src/collect/procps.c src/collect/machine.c
only "only zst.c knows zstd" '<zstd' src/base/zst.c
only "only bus.c knows libsystemd" '<systemd/' src/action/bus.c
only "only filter.c knows libseccomp" '<seccomp\.h>' src/action/filter.c
only "only bpf.c knows libbpf, and what runs in the kernel its macros" '<bpf/' src/collect/bpf.c src/collect/clade.bpf.c
only "only terminal.c knows curses" '<(n?curses|term)[^>]*>' src/tui/terminal.c
only "only main.c ends the program, but where memory ends" '(^|[^_[:alnum:]])_?exit\(' src/main.c src/base/mem.c \
	src/action/self_test.c src/action/trial.c
only "nothing sends a signal" '(^|[^_[:alnum:]])(kill|killpg|tgkill|tkill|pidfd_send_signal|raise)\(' src/action/execute.c
only "nothing changes a priority but nice.c, and survive.c and haste.c their own" \
	'(^|[^_[:alnum:]])(setpriority\(|SYS_ioprio_set)' src/action/nice.c src/action/haste.c src/survive.c src/action/trial.c
only "nothing forks, executes or starts a thread but read-only mode's scribe and its self-test, who waits aside, and who begins anew" \
	'(^|[^_[:alnum:]])(fork|vfork|clone|clone3|system|popen|posix_spawnp?|exec[lv]p?e?|pthread_create|thrd_create)\(' src/action/scribe.c src/action/self_test.c src/action/trial.c src/base/aside.c src/survive.c
check "who begins anew executes itself and nothing else" \
	"$(code '(^|[^_[:alnum:]])(fork|vfork|clone|clone3|system|popen|posix_spawnp?|exec[lv]p?e?|pthread_create|thrd_create)\(' src/survive.c |
		grep -vF 'execv("/proc/self/exe", words)')"
only "no user or host is looked up through NSS" \
	'(^|[^_[:alnum:]])(getpw(nam|uid)(_r)?|getgr(nam|gid)(_r)?|getaddrinfo|gethostbyname|initgroups)\(' none
only "nothing aborts but for want of memory and broken built-in rules" '(^|[^_[:alnum:]])abort\(' \
	src/base/mem.c src/attribute/rules.c
only "only program.c writes to standard error, but where memory ends" 'stderr|STDERR_FILENO' src/program.c src/base/mem.c
only "no result stands in a static buffer" '^[[:space:]]+static char [a-z_]+\[' none

echo "1..$count"
[ "$failed" -eq 0 ]
