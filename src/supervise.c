#include "supervise.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clade/mem.h"

enum {
	LOOK_APART_MS = 1000,
	WAIT_MS = 50,
};

int supervise_open(struct supervise *supervise, const struct model *model, const struct plan *plan)
{
	int32_t *procs = mem_new(plan->n_steps + 1, sizeof(*procs));
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < plan->n_steps; i++) {
		int32_t proc = snapshot_find(model->snap, plan->steps[i].key);

		if (proc != NO_PROC)
			procs[n++] = proc;
	}
	*supervise = (struct supervise){.comeback = comeback_new(model, procs, n)};
	rc = supervisors_find(model, procs, n, "", &supervise->supervisors);
	free(procs);
	return rc;
}

void supervise_done(struct supervise *supervise)
{
	supervisors_free(supervise->supervisors);
	comeback_free(supervise->comeback);
	*supervise = (struct supervise){0};
}

void supervise_add_text(struct text *out, const struct supervise *supervise)
{
	const struct supervisors *supervisors = supervise->supervisors;
	bool can_stop = false;

	if (!supervisors || supervisors->n == 0)
		return;
	text_add(out, "It would come back:\n");
	for (size_t i = 0; i < supervisors->n; i++) {
		text_printf(out, "  %s: %s\n", supervisors->items[i].sentence,
			    supervisors->items[i].command);
		can_stop |= supervisors->items[i].can_stop;
	}
	if (can_stop)
		text_add(out, "  --at-supervisor ends it there first.\n");
}

static void say(const char *words)
{
	struct text line = {0};

	text_printf(&line, "%s\n", words);
	program_write(text_str(&line), line.len);
	text_done(&line);
}

/* What has no way but a command was named with the plan: it is said again, for nothing is done. */
static int say_no_way(const struct supervisor *supervisor)
{
	struct text words = {0};

	text_printf(&words, "%s cannot be told from here; by hand: %s",
		    supervisor_kind_name(supervisor->kind), supervisor->command);
	program_complain(NULL, text_str(&words));
	text_done(&words);
	return EXIT_FAILED;
}

static int stop_one(const struct program *program, const struct supervisor *supervisor,
		    struct audit *audit, bool (*is_interrupted)(int signals, int wait_ms),
		    int signals)
{
	const struct supervisor_stop_config config = {.grace_s = program->options.grace_s};
	struct supervisor_stop *stop;
	struct text line = {0};
	int status = EXIT_OK;
	int rc = supervisor_stop_begin(supervisor, &config, &stop);

	if (rc != 0)
		return say_no_way(supervisor);
	text_printf(&line, "Telling %s to stop %s", supervisor_kind_name(supervisor->kind),
		    supervisor->name);
	say(text_str(&line));
	text_done(&line);
	while ((rc = supervisor_stop_step(stop)) > 0) {
		supervisor_stop_wait(stop, WAIT_MS);
		if (is_interrupted(signals, 0)) {
			audit_told(audit, supervisor, -ECANCELED, supervisor_stop_words(stop));
			program_complain(NULL, "interrupted: the supervisor goes on with what it "
					       "was told");
			status = EXIT_FAILED;
			break;
		}
	}
	if (rc <= 0)
		audit_told(audit, supervisor, rc, supervisor_stop_words(stop));
	if (rc == 0) {
		say(supervisor_stop_words(stop));
	} else if (rc < 0) {
		program_complain(NULL, supervisor_stop_words(stop));
		status = EXIT_FAILED;
	}
	supervisor_stop_free(stop);
	return status;
}

int supervise_stop(const struct program *program, const struct supervise *supervise,
		   struct audit *audit, bool (*is_interrupted)(int signals, int wait_ms),
		   int signals)
{
	int status = EXIT_OK;

	for (size_t i = 0; i < supervise->supervisors->n && status == EXIT_OK; i++)
		status = stop_one(program, &supervise->supervisors->items[i], audit, is_interrupted,
				  signals);
	return status;
}

/* Waits for the next look; false when interrupted. */
static bool wait_ms(int ms, bool (*is_interrupted)(int signals, int wait_ms), int signals)
{
	for (int waited = 0; waited < ms; waited += WAIT_MS) {
		if (is_interrupted(signals, WAIT_MS))
			return false;
	}
	return true;
}

int supervise_watch(struct program *program, const struct supervise *supervise,
		    bool (*is_interrupted)(int signals, int wait_ms), int signals)
{
	struct history *history;
	struct moment now = {0};
	int n = (int)(program->options.watch_s * 1000 / LOOK_APART_MS + 0.999);
	int rc = 0;
	size_t times;

	if (n == 0)
		return EXIT_OK;
	if (isatty(STDOUT_FILENO)) {
		struct text line = {0};

		text_printf(&line, "Watching for %d s whether it comes back; Ctrl-C ends that", n);
		say(text_str(&line));
		text_done(&line);
	}
	history = history_new(&program->thresholds);
	/* a look at the beginning, from which the time counts, and then one a second */
	for (int i = 0; i <= n && rc == 0; i++) {
		if (i > 0 && !wait_ms(LOOK_APART_MS, is_interrupted, signals))
			break;
		rc = program_watch(program, history, &now);
		if (rc == 0)
			comeback_look(supervise->comeback, now.model);
	}
	moment_done(&now);
	history_free(history);
	if (rc != 0)
		return program_fail("watching whether it comes back", rc);
	times = comeback_times(supervise->comeback);
	if (times > 0) {
		struct text words = {0};

		comeback_add_text(&words, supervise->comeback);
		say(text_str(&words));
		text_done(&words);
	}
	return times > 0 ? EXIT_FAILED : EXIT_OK;
}
