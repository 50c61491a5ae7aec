/* What an execution has come to, in words. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "clade/execute.h"
#include "clade/io.h"
#include "clade/safe.h"
#include "clade/units.h"

enum { STATUS_MAX = 8192, CAP_KILL_BIT = 5 };

const char *execute_phase_name(enum execute_phase phase)
{
	static const char *const names[] = {
		[EXECUTE_FREEZE] = "stopping", [EXECUTE_SIGNAL] = "signalling",
		[EXECUTE_GRACE] = "waiting",   [EXECUTE_KILL] = "killing what is left",
		[EXECUTE_CHECK] = "checking",  [EXECUTE_DONE] = "done",
	};

	return names[phase];
}

const char *execute_outcome_name(enum execute_outcome outcome)
{
	static const char *const names[] = {
		[EXECUTE_RUNNING] = "running",     [EXECUTE_GONE] = "gone",
		[EXECUTE_SURVIVED] = "survived",   [EXECUTE_SIGNALLED] = "signalled",
		[EXECUTE_CANCELLED] = "cancelled", [EXECUTE_FAILED] = "failed",
	};

	return names[outcome];
}

static const char *is_one(size_t n, const char *one, const char *more)
{
	return n == 1 ? one : more;
}

/* "1 process", "3,000 processes" */
static void add_processes(struct text *out, size_t n)
{
	char number[UNITS_LEN];

	text_printf(out, "%s %s", units_count(number, n), is_one(n, "process", "processes"));
}

static void add_outcome(struct text *out, const struct execute_progress *progress)
{
	char number[UNITS_LEN];

	switch (progress->outcome) {
	case EXECUTE_GONE:
		text_add(out, "Gone: ");
		add_processes(out, progress->gone);
		break;
	case EXECUTE_SURVIVED:
		text_printf(out, "Left: %s of ", units_count(number, progress->left));
		add_processes(out, progress->gone + progress->left);
		break;
	case EXECUTE_SIGNALLED:
		text_add(out, "Signalled: ");
		add_processes(out, progress->signalled);
		break;
	case EXECUTE_CANCELLED:
		text_add(out, "Cancelled: ");
		add_processes(out, progress->left);
		text_printf(out, " %s, %s %s gone",
			    is_one(progress->left, "is left and goes on", "are left and go on"),
			    units_count(number, progress->gone),
			    is_one(progress->gone, "is", "are"));
		break;
	case EXECUTE_FAILED:
		text_printf(out, "Failed: %s; ", strerror(-progress->error));
		add_processes(out, progress->left);
		text_printf(out, " %s",
			    is_one(progress->left, "is left and goes on", "are left and go on"));
		break;
	case EXECUTE_RUNNING:
		text_printf(out, "%s: %s left", execute_phase_name(progress->phase),
			    units_count(number, progress->left));
		break;
	}
}

void execute_add_result(struct text *out, const struct execute_progress *progress)
{
	char number[UNITS_LEN];

	add_outcome(out, progress);
	if (progress->newcomers > 0)
		text_printf(out, " (%s of them found later)",
			    units_count(number, progress->newcomers));
	text_printf(out, " in %.2f s, %zu %s", progress->elapsed_s, progress->looks,
		    is_one(progress->looks, "look", "looks"));
	if (progress->killed > 0)
		text_printf(out, ", %s by SIGKILL", units_count(number, progress->killed));
	if (progress->spared > 0)
		text_printf(out, "; %s %s by now, who were let be",
			    units_count(number, progress->spared),
			    is_one(progress->spared, "pid belongs to another",
				   "pids belong to others"));
	if (progress->strays > 0)
		text_printf(
			out,
			"; %s %s of the same user came meanwhile and may be of it, which nothing "
			"proves: let be",
			units_count(number, progress->strays),
			is_one(progress->strays, "orphan", "orphans"));
	if (progress->zombies > 0)
		text_printf(out, "; %s %s not reaped yet", units_count(number, progress->zombies),
			    is_one(progress->zombies, "is", "are"));
}

void survivor_add_text(struct text *out, const struct survivor *survivor)
{
	text_printf(out, "%10lld  ", (long long)survivor->key.pid);
	safe_add(out, survivor->comm, strnlen(survivor->comm, sizeof(survivor->comm)));
	if (survivor->error != 0)
		text_printf(out, "  %s", strerror(survivor->error));
	else if (survivor->state == 'D')
		text_add(out, "  in uninterruptible sleep (D): the signal waits for it to wake");
	else
		text_printf(out, "  still there, in state %c", survivor->state);
}

/* CapEff:	000001ffffffffff */
bool execute_is_mighty(void)
{
	struct text status = {0};
	const char *line;
	unsigned long long mask = 0;

	if (io_read_at(AT_FDCWD, "/proc/self/status", STATUS_MAX, &status) == 0) {
		line = strstr(text_str(&status), "\nCapEff:");
		if (line)
			mask = strtoull(line + 8, NULL, 16);
	}
	text_done(&status);
	return mask >> CAP_KILL_BIT & 1;
}
