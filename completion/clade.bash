# bash completion for clade. What there is to complete, the program is asked: clade list ...

# First words of the lines of `clade list WHAT`.
_clade_list() {
	"$_clade" list "$1" 2>/dev/null | awk '{print $1}'
}

# Long options with their argument, if any: "--delay SECONDS".
_clade_options() {
	"$_clade" list options 2>/dev/null | sed -n 's/^[^-]*\(-., \)\{0,1\}\(--[a-z-]*\( [A-Z][A-Z]*\)\{0,1\}\).*/\2/p'
}

# The ids of the owners that there are now.
_clade_owners() {
	"$_clade" snapshot --sample 0 -f csv --columns owner 2>/dev/null | tr -d '\r"' | sed 1d | sort -u
}

_clade_words() { # WORDS
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_clade() {
	local _clade=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} command='' word argument
	COMPREPLY=()
	# --format=js is three words
	if [ "$cur" = = ]; then
		cur=
	elif [ "$option" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if _clade_list commands | grep -qxF -- "$word"; then
			command=$word
			break
		fi
	done
	case $option in
	--format | -f) _clade_words "$(_clade_list formats)" ;;
	--theme) _clade_words "$(_clade_list themes)" ;;
	--signal) _clade_words "$(_clade_list signals)" ;;
	--collector) _clade_words 'auto bpf procps' ;;
	--owner)
		_clade_words "$(_clade_owners)"
		type __ltrim_colon_completions >/dev/null 2>&1 && __ltrim_colon_completions "$cur"
		;;
	--columns)
		argument=
		case $cur in *,*) argument=${cur%,*}, ;; esac
		cur=${cur##*,}
		_clade_words "$(_clade_list columns)"
		COMPREPLY=("${COMPREPLY[@]/#/$argument}")
		;;
	--output | -o | --config) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	--snapshot-dir) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	*)
		argument=$(_clade_options | awk -v option="$option" '$1 == option {print $2}')
		if [ -n "$argument" ] && [ "$option" != --readonly ]; then
			return # a number or a time
		fi
		case $cur in
		-*) _clade_words "$(_clade_options | awk '{print $1}')" ;;
		*)
			case $command in
			'') _clade_words "$(_clade_list commands)" ;;
			list) _clade_words "$(_clade_list lists)" ;;
			kill) _clade_words "$(_clade_owners)" ;;
			record | replay | diff) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
			esac
			;;
		esac
		;;
	esac
}

complete -o filenames -F _clade clade clade-ro
