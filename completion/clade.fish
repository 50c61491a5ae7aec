# fish completion for clade. What there is to complete, the program is asked: clade list ...

# Lines "NAME  ... HELP" of `clade list WHAT` as "NAME<tab>HELP".
function __clade_list
    clade list $argv[1] 2>/dev/null | string replace -r '^(\S+)\s+' '$1\t'
end

function __clade_owners
    clade snapshot --sample 0 -f csv --columns owner 2>/dev/null | string trim -c '\r"' | tail -n +2 | sort -u
end

# "pid,us" goes on behind the last comma.
function __clade_columns
    set -l before (string match -r '^.*,' -- (commandline -ct | string replace -r '^--columns=' ''))
    __clade_list columns | string replace -r '^' "$before"
end

function __clade_needs_command
    not __fish_seen_subcommand_from (clade list commands 2>/dev/null | string match -r '^\S+')
end

for command in clade clade-ro
    complete -c $command -f
    complete -c $command -n __clade_needs_command -a '(__clade_list commands)'
    complete -c $command -n '__fish_seen_subcommand_from list' -a '(__clade_list lists)'
    complete -c $command -n '__fish_seen_subcommand_from kill' -a '(__clade_owners)'
    complete -c $command -n '__fish_seen_subcommand_from record replay diff' -F
    for line in (clade list options 2>/dev/null)
        set -l part (string match -r '^ +(?:-(.), )?--([a-z-]+)( [A-Z]+)? +(.*)$' -- $line)
        test (count $part) -ge 3; or continue
        set -l letter
        string match -qr '^ +-(.),' -- $line; and set letter -s (string match -r '^ +-(.),' -- $line)[2]
        set -l name (string match -r -- '--([a-z-]+)' $line)[2]
        set -l values
        if string match -qr -- '--[a-z-]+ [A-Z]' $line
            set values -x
            switch $name
                case format theme signal
                    set values -x -a "(__clade_list $name""s)"
                case collector
                    set values -x -a 'auto bpf procps'
                case columns
                    set values -x -a '(__clade_columns)'
                case owner
                    set values -x -a '(__clade_owners)'
                case output config snapshot-dir
                    set values -r -F
            end
        end
        complete -c $command $letter -l $name $values -d $part[-1]
    end
end
