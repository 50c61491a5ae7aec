#include "program.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clade/collector.h"
#include "clade/io.h"

/* How far apart the looks of program_watch() are. */
static const double LOOK_APART_S = 1;

void program_complain(void *context, const char *message)
{
	(void)context;
	fprintf(stderr, "clade: %s\n", message);
}

int program_fail(const char *what, int error)
{
	fprintf(stderr, "clade: %s: %s\n", what, strerror(-error));
	return EXIT_FAILED;
}

int program_fail_file(const struct program *program, const char *path, int error)
{
	const char *why = program->confine ? confine_why(program->confine) : NULL;

	if (!why)
		return program_fail(path, error);
	fprintf(stderr, "clade: %s: read-only, and %s\n", path, why);
	return EXIT_FAILED;
}

int program_write(const char *bytes, size_t len)
{
	int rc = io_write_all(STDOUT_FILENO, bytes, len);

	/* `clade snapshot | head` has had enough: that is no failure */
	if (rc == -EPIPE)
		return EXIT_OK;
	return rc == 0 ? EXIT_OK : program_fail("standard output", rc);
}

void program_read_rules(struct ruleset *rules)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	struct text dir = {0};

	if (config && *config == '/')
		text_printf(&dir, "%s/clade/owners.d", config);
	else if (home && *home == '/')
		text_printf(&dir, "%s/.config/clade/owners.d", home);
	rules_read_dir(rules, "/etc/clade/owners.d", program_complain, NULL);
	if (dir.len > 0)
		rules_read_dir(rules, text_str(&dir), program_complain, NULL);
	text_done(&dir);
}

static int open_source(struct program *program)
{
	struct source_config config = {
		.wants_events = true,
		/* a thread from before read-only mode would not be confined */
		.may_thread = program->options.readonly == READONLY_NO,
	};
	int rc;

	config.markers = rules_markers(program->rules, &config.n_markers);
	rc = collector_open(program->options.collector, &config, &program->source,
			    &program->collector_why);
	if (rc == -ENOSYS) {
		fprintf(stderr, "clade: /proc is not mounted, so no process can be seen; try: "
				"mount -t proc proc /proc\n");
		return EXIT_FAILED;
	}
	if (rc == 0)
		return EXIT_OK;
	program_complain(NULL, text_str(&program->collector_why));
	return EXIT_FAILED;
}

int program_open(struct program *program)
{
	bool is_live = program->options.command != COMMAND_REPLAY && !program->options.is_demo;

	program->users = users_new(is_live ? "/etc/passwd" : "/dev/null");
	program->rules = rules_new();
	program_read_rules(program->rules);
	program->attributor = attributor_new(&(struct attributor_config){
		.rules = program->rules,
		.users = program->users,
		.use_files = is_live,
		.use_recorded = !is_live,
	});
	return is_live ? open_source(program) : program_open_recording(program);
}

void program_close(struct program *program)
{
	confine_close(program->confine);
	source_close(program->source);
	text_done(&program->collector_why);
	attributor_free(program->attributor);
	rules_free(program->rules);
	users_free(program->users);
}

static int take_moment(const struct program *program, const struct moment *before,
		       struct history *history, struct moment *moment)
{
	struct snapshot *snap;
	int rc = source_sample(program->source, before->snap, &snap);

	return rc == 0 ? moment_make(program->attributor, history, snap, moment) : rc;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Waits until so long after `start`. */
static void wait_until(struct source *source, const struct timespec *start, double seconds)
{
	for (;;) {
		double left_s = seconds - seconds_since(start);
		double piece_s = fmin(left_s, SOURCE_IDLE_MS / 1e3);

		if (left_s <= 0)
			return;
		nanosleep(&(struct timespec){.tv_nsec = (long)(piece_s * 1e9)}, NULL);
		source_idle(source);
	}
}

int program_watch(const struct program *program, struct history *history, struct moment *now)
{
	double sample_s = program->options.sample_s;
	struct timespec start;
	double at_s = 0;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		struct moment before = *now;
		double took_s;

		*now = (struct moment){0};
		rc = take_moment(program, &before, history, now);
		moment_done(&before);
		if (rc != 0 || at_s >= sample_s)
			return rc;
		took_s = seconds_since(&start) - at_s;
		at_s += fmax(LOOK_APART_S, 2 * took_s);
		/* no look shortly before the last */
		if (at_s > sample_s - LOOK_APART_S / 2)
			at_s = sample_s;
		wait_until(program->source, &start, at_s);
	}
}
