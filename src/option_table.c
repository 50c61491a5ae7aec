#include "option_table.h"

#include <stdint.h>

#define AT_LEVEL(measure, level) (AT(limits) + offsetof(struct check_limits, at[measure][level]))
#define LIST_WHAT                                                                                  \
	"columns, commands, formats, keys, lists, options, owners (the rules), screen, signals, "  \
	"themes or "                                                                               \
	"thresholds"

/* clang-format off */
const struct option options[] = {
	{"delay",     'd', "SECONDS", OPTION_SECONDS, AT(delay_s),       FOR_UI | FOR_RECORD, 0.1, 3600, "time between samples (default 2)"},
	{"format",    'f', "NAME",    OPTION_FORMAT,  AT(format),        FOR_SNAPSHOT | FOR_DIFF, 0, 0,      "of what is written, see Formats below (default text)"},
	{"output",    'o', "FILE",    OPTION_NAME,    AT(output),        FOR_SNAPSHOT | FOR_DIFF, 0, 0,      "write there, whole or not at all; - is standard output"},
	{"force",      0,  NULL,      OPTION_FLAG,    AT(is_forced),     FOR_SNAPSHOT | FOR_DIFF, 0, 0,      "let --output replace a file that is there"},
	{"owner",      0,  "OWNER",   OPTION_OWNER,   AT(owners),        FOR_SNAPSHOT | FOR_DIFF | FOR_CHECK, 0, 0,      "only this owner and those in it: pm2:api, docker:web, NAME or an id; again for more"},
	{"filter",     0,  "REGEX",   OPTION_FILTER,  AT(filter),        FOR_SNAPSHOT | FOR_DIFF | FOR_CHECK, 0, 0,      "only what matches, with all below it; ! in front negates"},
	{"top",        0,  "N",       OPTION_COUNT,   AT(top),           FOR_SNAPSHOT, 1, 1e6,    "only the N hottest owners"},
	{"redact",     0,  NULL,      OPTION_FLAG,    AT(is_redacted),   FOR_SNAPSHOT | FOR_DIFF | FOR_RECORD, 0, 0,      "mask what looks like a secret: passwords, tokens, URLs with credentials"},
	{"columns",    0,  "NAMES",   OPTION_COLUMNS, AT(columns),       FOR_SNAPSHOT, 0, 0,      "only these, a comma between two; see clade list columns"},
	{"sample",     0,  "SECONDS", OPTION_SECONDS, AT(sample_s),      FOR_SNAPSHOT | FOR_DIFF | FOR_CHECK, 0, 3600,   "watch this long first, so that rates exist (default 1, for growth of check 10; 0: one look)"},
	{"from",       0,  "TIME",    OPTION_NAME,    AT(from),          FOR_DIFF,     0, 0,      "of a recording: 14:10, 2026-11-24T14:10:00Z, or -5m before its end"},
	{"to",         0,  "TIME",    OPTION_NAME,    AT(to),            FOR_DIFF,     0, 0,      "likewise"},
	{"warn",       0,  "N",       OPTION_LEVEL,   AT_LEVEL(CHECK_PROCESSES, CHECK_WARN),     FOR_CHECK, 0, 0, "warn from so many processes on"},
	{"critical",   0,  "N",       OPTION_LEVEL,   AT_LEVEL(CHECK_PROCESSES, CHECK_CRITICAL), FOR_CHECK, 0, 0, "be critical from so many processes on"},
	{"warn-zombies", 0, "N",      OPTION_LEVEL,   AT_LEVEL(CHECK_ZOMBIES, CHECK_WARN),       FOR_CHECK, 0, 0, "the same for zombies"},
	{"critical-zombies", 0, "N",  OPTION_LEVEL,   AT_LEVEL(CHECK_ZOMBIES, CHECK_CRITICAL),   FOR_CHECK, 0, 0, "likewise"},
	{"warn-orphans", 0, "N",      OPTION_LEVEL,   AT_LEVEL(CHECK_ORPHANS, CHECK_WARN),       FOR_CHECK, 0, 0, "for orphans"},
	{"critical-orphans", 0, "N",  OPTION_LEVEL,   AT_LEVEL(CHECK_ORPHANS, CHECK_CRITICAL),   FOR_CHECK, 0, 0, "likewise"},
	{"warn-growth", 0, "RATE",    OPTION_LEVEL,   AT_LEVEL(CHECK_GROWTH, CHECK_WARN),        FOR_CHECK, 0, 0, "for net growth: 100/min, 5/s"},
	{"critical-growth", 0, "RATE", OPTION_LEVEL,  AT_LEVEL(CHECK_GROWTH, CHECK_CRITICAL),    FOR_CHECK, 0, 0, "likewise"},
	{"warn-headroom", 0, "PERCENT", OPTION_LEVEL, AT_LEVEL(CHECK_HEADROOM, CHECK_WARN),      FOR_CHECK, 0, 0, "below what is left of the nearest limit: 20%"},
	{"critical-headroom", 0, "PERCENT", OPTION_LEVEL, AT_LEVEL(CHECK_HEADROOM, CHECK_CRITICAL), FOR_CHECK, 0, 0, "likewise"},
	{"each-owner", 0,  NULL,      OPTION_FLAG,    AT(is_each_owner), FOR_CHECK,    0, 0,      "hold each owner against the levels, not all together"},
	{"signal",     0,  "NAME",    OPTION_NAME,    AT(signal),        FOR_KILL,     0, 0,      "to send (default TERM); see clade list signals"},
	{"grace",      0,  "SECONDS", OPTION_SECONDS, AT(grace_s),       FOR_KILL | FOR_UI, 0, 3600,   "between a signal that ends and SIGKILL (default 5)"},
	{"at-supervisor", 0, NULL,    OPTION_FLAG,    AT(at_supervisor), FOR_KILL,     0, 0,      "end it first at PM2, Docker, systemd or what else would bring it back"},
	{"watch",      0,  "SECONDS", OPTION_SECONDS, AT(watch_s),       FOR_KILL,     0, 3600,   "whether it comes back (default 10 where that is to be feared, else 0)"},
	{"dry-run",    0,  NULL,      OPTION_FLAG,    AT(is_dry_run),    FOR_KILL,     0, 0,      "show the plan, each process of it, and do nothing"},
	{"yes",       'y', NULL,      OPTION_FLAG,    AT(is_yes),        FOR_KILL,     0, 0,      "do not ask; needed without a terminal"},
	{"demo",       0,  NULL,      OPTION_FLAG,    AT(is_demo),       FOR_UI,       0, 0,      "a recorded incident instead of this machine, to learn the screen on"},
	{"collector",  0,  "NAME",    OPTION_NAME,    AT(collector),     FOR_LIVE, 0, 0, "auto (default), bpf or procps"},
	{"keep",       0,  "LIMIT",   OPTION_KEEP,    AT(keep),          FOR_RECORD,   0, 0,      "how much of a recording: a time (24h), a size (default 500M), or both with a comma"},
	{"theme",      0,  "NAME",    OPTION_THEME,   AT(theme),         FOR_SCREEN,       0, 0,      "colours, see clade list themes"},
	{"no-color",   0,  NULL,      OPTION_FLAG,    AT(no_color),      FOR_SCREEN,       0, 0,      "no colours; also when NO_COLOR is set"},
	{"ascii",      0,  NULL,      OPTION_FLAG,    AT(is_ascii),      FOR_SCREEN,       0, 0,      "draw with ASCII only"},
	{"no-mouse",   0,  NULL,      OPTION_FLAG,    AT(no_mouse),      FOR_SCREEN,       0, 0,      "leave the mouse to the terminal"},
	{"readonly",  'r', NULL,      OPTION_READONLY, AT(readonly),     FOR_ALL,      0, 0,      "cannot signal, execute or write, by the kernel; =best-effort: as far as it can"},
	{"snapshot-dir", 0, "DIRECTORY", OPTION_NAME, AT(snapshot_dir),  FOR_SCREEN,       0, 0,      "where the UI writes snapshots, and when read-only the one place where it can (default: here)"},
	{"self-test",  0,  NULL,      OPTION_FLAG,    AT(wants_self_test), FOR_UI,     0, 0,      "try everything that --readonly forbids, print the results and exit"},
	{"config",     0,  "FILE",    OPTION_NAME,    AT(config),        FOR_LIVE | FOR_REPLAY, 0, 0, "read this configuration instead of clade.conf"},
	{"help",      'h', NULL,      OPTION_FLAG,    AT(wants_help),    FOR_ALL,      0, 0,      "this text"},
	{"version",   'V', NULL,      OPTION_FLAG,    AT(wants_version), FOR_ALL,      0, 0,      "version and what was built in"},
	{0},
};

const struct command_row commands[] = {
	{"snapshot", NULL,   COMMAND_SNAPSHOT, 0, 0, "write one snapshot and exit"},
	{"kill",     "TARGET...", COMMAND_KILL, 1, SIZE_MAX, "end trees, so that they stay ended: PID, pid:PID, alike:PID, owner:ID, or KIND:NAME such as pm2:api"},
	{"record",   "FILE", COMMAND_RECORD,   1, 1, "record until ended: a sample every --delay seconds, as much as --keep says"},
	{"replay",   "FILE", COMMAND_REPLAY,   1, 1, "open a snapshot or a recording in the UI, also one that is still written; - is standard input"},
	{"check",    NULL,   COMMAND_CHECK,    0, 0, "thresholds for cron and Nagios: one line, exit status 0, 1, 2 or 3"},
	{"diff",     "A [B]", COMMAND_DIFF,    1, 2, "what appeared, vanished and grew between two snapshots, by owner"},
	{"list",     "WHAT", COMMAND_LIST,     1, 1, LIST_WHAT},
	{0},
};

const char *const list_names[] = {
	[LIST_COMMANDS] = "commands", [LIST_LISTS] = "lists",
	[LIST_COLUMNS] = "columns", [LIST_FORMATS] = "formats", [LIST_KEYS] = "keys",
	[LIST_OPTIONS] = "options", [LIST_OWNERS] = "owners",   [LIST_SCREEN] = "screen", [LIST_THEMES] = "themes",
	[LIST_SIGNALS] = "signals", [LIST_THRESHOLDS] = "thresholds", NULL,
};
/* clang-format on */

_Static_assert(sizeof(options) / sizeof(options[0]) <= OPTIONS_MAX + 1, "too many options");
_Static_assert(sizeof(commands) / sizeof(commands[0]) <= COMMANDS_MAX + 1, "too many commands");
