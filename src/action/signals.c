/* The signals that can be sent, by name. */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>

#include "clade/plan.h"

/* clang-format off */
const struct signal_row signal_rows[] = {
	{"TERM",   SIGTERM,   true,  "end, with a chance to tidy up"},
	{"INT",    SIGINT,    true,  "end, as Ctrl-C does"},
	{"QUIT",   SIGQUIT,   true,  "end with a core dump"},
	{"ABRT",   SIGABRT,   true,  "end with a core dump, as after a failed assertion"},
	{"KILL",   SIGKILL,   true,  "end at once, cannot be caught"},
	{"HUP",    SIGHUP,    false, "the terminal is gone; daemons read their configuration again"},
	{"USR1",   SIGUSR1,   false, "what the program makes of it"},
	{"USR2",   SIGUSR2,   false, "what the program makes of it"},
	{"STOP",   SIGSTOP,   false, "stand still, cannot be caught"},
	{"TSTP",   SIGTSTP,   false, "stand still, as Ctrl-Z does"},
	{"CONT",   SIGCONT,   false, "go on"},
	{"ALRM",   SIGALRM,   false, "a timer has run out"},
	{"PIPE",   SIGPIPE,   false, "nobody reads what is written"},
	{"CHLD",   SIGCHLD,   false, "a child has ended: reap it"},
	{"WINCH",  SIGWINCH,  false, "the terminal has another size"},
	{"URG",    SIGURG,    false, "urgent data on a socket"},
	{"IO",     SIGIO,     false, "a descriptor is ready"},
	{"TTIN",   SIGTTIN,   false, "reads from a terminal in the background"},
	{"TTOU",   SIGTTOU,   false, "writes to a terminal in the background"},
	{"VTALRM", SIGVTALRM, false, "a timer of CPU time has run out"},
	{"PROF",   SIGPROF,   false, "a profiler's timer has run out"},
	{"XCPU",   SIGXCPU,   false, "more CPU time than may be had"},
	{"XFSZ",   SIGXFSZ,   false, "a file larger than may be"},
	{NULL,     0,         false, NULL},
};
/* clang-format on */

static const struct signal_row *find_number(int number)
{
	const struct signal_row *row = signal_rows;

	while (row->name && row->number != number)
		row++;
	return row->name ? row : NULL;
}

const struct signal_row *signal_find(const char *name)
{
	if (isdigit((unsigned char)*name)) {
		char *end;
		long number = strtol(name, &end, 10);

		return *end || number > 64 ? NULL : find_number((int)number);
	}
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (const struct signal_row *row = signal_rows; row->name; row++) {
		if (strcasecmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

const struct signal_row *signal_get(int number)
{
	const struct signal_row *row = find_number(number);

	return row ? row : &signal_rows[0];
}
