/* What a change of priority is and what came of it, in words. */
#include <errno.h>
#include <string.h>

#include "clade/nice.h"
#include "clade/units.h"

void nice_add_change(struct text *out, const struct nice_change *change)
{
	static const char *const classes[] = {
		[NICE_IO_NONE] = "by the nice value",
		[NICE_IO_REAL_TIME] = "real-time",
		[NICE_IO_BEST_EFFORT] = "best-effort",
		[NICE_IO_IDLE] = "idle",
	};

	if (change->what == NICE_BY) {
		text_printf(out, "nice %+d", change->by);
		return;
	}
	text_printf(out, "I/O %s", classes[change->io]);
	if (change->io == NICE_IO_REAL_TIME || change->io == NICE_IO_BEST_EFFORT)
		text_printf(out, " %d", change->level);
}

static const char *error_text(const struct nice_change *change, int error)
{
	if (error == EACCES && change->what == NICE_BY)
		return "only root may raise a priority (CAP_SYS_NICE, or RLIMIT_NICE)";
	if (error == EPERM && change->what == NICE_BY)
		return "another user's";
	if (error == EPERM && change->io == NICE_IO_REAL_TIME)
		return "only root may give real-time, or another user's";
	if (error == EPERM)
		return "another user's";
	return strerror(error);
}

static void add_count(struct text *out, size_t n, const char *what)
{
	char number[UNITS_LEN];

	if (n > 0)
		text_printf(out, ", %s %s", units_count(number, n), what);
}

/* "; left out: 2 (clade runs in it), 1 (clade itself)" */
static void add_kept(struct text *out, const struct plan *plan)
{
	size_t counts[KEPT_WHYS] = {0};
	const char *before = "; left out: ";

	for (size_t i = 0; i < plan->n_kept; i++)
		counts[plan->kept[i].why]++;
	for (size_t why = 0; why < KEPT_WHYS; why++) {
		if (counts[why] == 0)
			continue;
		text_printf(out, "%s%zu (%s)", before, counts[why],
			    why == KEPT_ZOMBIE ? "dead already"
			    : why == KEPT_INIT ? "pid 1"
					       : plan_kept_text((enum plan_kept)why));
		before = ", ";
	}
}

void nice_add_result(struct text *out, const struct nice_change *change, const struct plan *plan,
		     const struct nice_progress *progress)
{
	char number[UNITS_LEN];

	nice_add_change(out, change);
	text_printf(out, ": %s %s changed", units_count(number, progress->changed),
		    progress->changed == 1 ? "process" : "processes");
	for (size_t i = 0; i < NICE_ERRORS && progress->errors[i].n > 0; i++) {
		text_printf(out, ", %s refused: %s", units_count(number, progress->errors[i].n),
			    error_text(change, progress->errors[i].error));
	}
	add_count(out, progress->same,
		  change->what == NICE_BY ? "at the end of the range" : "had it already");
	add_count(out, progress->gone, "ended before");
	add_count(out, progress->mistaken, "ended meanwhile, and another has the pid");
	add_count(out, progress->newcomers, "of them found later");
	if (progress->is_stopped)
		text_add(out, ", then it was stopped");
	if (progress->error != 0)
		text_printf(out, ", then it failed: %s", strerror(-progress->error));
	add_kept(out, plan);
}
