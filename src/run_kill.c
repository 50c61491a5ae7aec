/* clade kill */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clade/audit.h"
#include "clade/clock.h"
#include "clade/execute.h"
#include "clade/mem.h"
#include "clade/plan.h"
#include "program.h"
#include "supervise.h"

enum {
	ANSWER_MAX = 64,
	PROGRESS_MS = 100,
	POLL_MOST_MS = 100,
	LINE_ROOM = 512,
};

/* ---- Targets and the plan ---- */

static int fail_target(int rc, const struct text *error)
{
	program_complain(NULL, text_str(error));
	return rc == -ENOENT ? EXIT_NOBODY : EXIT_USAGE;
}

/* All words are looked up before anything is done. */
static int find_targets(const struct program *program, const struct model *model,
			struct plan_target *targets)
{
	for (size_t i = 0; i < program->options.n_words; i++) {
		struct text error = {0};
		int rc = plan_find_target(model, program->options.words[i], &targets[i], &error);

		if (rc != 0)
			rc = fail_target(rc, &error);
		text_done(&error);
		if (rc != 0)
			return rc;
	}
	return EXIT_OK;
}

static char *join_words(const struct options *options)
{
	struct text words = {0};

	for (size_t i = 0; i < options->n_words; i++)
		text_printf(&words, "%s%s", i > 0 ? " " : "", options->words[i]);
	return text_take(&words);
}

static int make_plan(const struct program *program, const struct model *model, struct plan **plan)
{
	const struct options *options = &program->options;
	struct plan_target *targets = mem_new(options->n_words, sizeof(*targets));
	int status = find_targets(program, model, targets);
	char *words = join_words(options);

	if (status == EXIT_OK) {
		int rc = plan_make(model,
				   &(struct plan_request){
					   .targets = targets,
					   .n_targets = options->n_words,
					   .signal = signal_find(options->signal)->number,
					   .uid = geteuid(),
					   .is_mighty = execute_is_mighty(),
					   .may_signal = execute_may_signal,
					   .words = words,
				   },
				   plan);

		if (rc != 0)
			status = program_fail("making the plan", rc);
	}
	free(words);
	free(targets);
	return status;
}

/* ---- Asking ---- */

static bool is_terminal(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* One line from the terminal, without its end; false when there is none. */
static bool read_answer(char answer[ANSWER_MAX])
{
	ssize_t n = read(STDIN_FILENO, answer, ANSWER_MAX - 1);

	if (n <= 0)
		return false;
	answer[n] = '\0';
	if (!strchr(answer, '\n'))
		return false;
	*strchr(answer, '\n') = '\0';
	return true;
}

static bool confirm(const struct plan *plan)
{
	struct text question = {0};
	struct text count = {0};
	char answer[ANSWER_MAX];
	bool is_yes;

	text_printf(&count, "%zu", plan->n_steps);
	if (plan_needs_count(plan))
		text_add(&question, "Type the number of processes to go on: ");
	else
		text_add(&question, "Enter to go on, anything else to leave it: ");
	program_write(text_str(&question), question.len);
	is_yes = read_answer(answer) &&
		 strcmp(answer, plan_needs_count(plan) ? text_str(&count) : "") == 0;
	text_done(&question);
	text_done(&count);
	return is_yes;
}

/* ---- Doing ---- */

/* Signals that would end clade end the execution instead, which puts everything back. Ctrl-Z waits.
 * Returns a descriptor that tells of them. */
static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool is_interrupted(int signals, int wait_ms)
{
	struct pollfd poll_fd = {.fd = signals, .events = POLLIN};
	struct signalfd_siginfo info;

	poll(&poll_fd, 1, wait_ms < POLL_MOST_MS ? wait_ms : POLL_MOST_MS);
	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGTSTP)
			return true;
	}
	return false;
}

static void show_progress(const struct execution *execution, struct text *line)
{
	struct execute_progress progress;

	execute_progress(execution, &progress);
	text_clear(line);
	text_printf(line, "\r\033[K%s: %zu stopped, %zu signalled, %zu gone, %zu left",
		    execute_phase_name(progress.phase), progress.stopped, progress.signalled,
		    progress.gone, progress.left);
	if (progress.phase == EXECUTE_GRACE)
		text_printf(line, ", SIGKILL in %.0f s", progress.grace_left_s);
	program_write(text_str(line), line->len);
}

static void show_result(const struct execute_progress *progress, bool has_line)
{
	struct text lines = {0};

	if (has_line)
		text_add(&lines, "\r\033[K");
	execute_add_result(&lines, progress);
	text_add_char(&lines, '\n');
	for (size_t i = 0; progress->outcome != EXECUTE_SIGNALLED && i < progress->n_survivors;
	     i++) {
		survivor_add_text(&lines, &progress->survivors[i]);
		text_add_char(&lines, '\n');
	}
	if (!progress->has_pidfd)
		text_add(&lines,
			 "This kernel has no pidfds: start times were compared right before "
			 "each signal.\n");
	program_write(text_str(&lines), lines.len);
	text_done(&lines);
}

static int status_of(const struct execute_progress *progress)
{
	switch (progress->outcome) {
	case EXECUTE_GONE:
		return EXIT_OK;
	case EXECUTE_SIGNALLED:
		for (size_t i = 0; i < progress->n_survivors; i++) {
			if (progress->survivors[i].error != 0)
				return EXIT_FAILED;
		}
		return EXIT_OK;
	case EXECUTE_RUNNING:
	case EXECUTE_SURVIVED:
	case EXECUTE_CANCELLED:
	case EXECUTE_FAILED:
		break;
	}
	return EXIT_FAILED;
}

static void run_to_end(struct execution *execution, int signals, bool is_shown)
{
	uint64_t shown_ms = 0;
	struct text line = {0};

	/* while processes are stopped, no memory must be asked for */
	text_room(&line, LINE_ROOM);
	while (execute_step(execution) > 0) {
		uint64_t now = clock_ms(CLOCK_MONOTONIC);

		if (is_shown && now - shown_ms >= PROGRESS_MS) {
			show_progress(execution, &line);
			shown_ms = now;
		}
		if (is_interrupted(signals, execute_pause_ms(execution)))
			execute_cancel(execution);
	}
	text_done(&line);
}

/* Tells the supervisors first, if that was asked for: what they would bring back is not there then.
 */
static int execute(struct program *program, const struct plan *plan,
		   const struct supervise *supervise, struct audit *audit)
{
	struct execute_config config = {.grace_s = program->options.grace_s};
	struct execution *execution;
	struct execute_progress progress;
	const char *term = getenv("TERM");
	bool is_shown = is_terminal() && term && strcmp(term, "dumb") != 0;
	bool was_told = audit_why(audit) != NULL;
	int signals = catch_signals();
	int status = EXIT_OK;
	int rc;

	if (audit_begin(audit, plan, config.grace_s) != 0 && !was_told)
		program_complain(NULL, audit_why(audit));
	if (program->options.at_supervisor)
		status = supervise_stop(program, supervise, audit, is_interrupted, signals);
	if (status != EXIT_OK) {
		audit_end(audit, &(struct execute_progress){.outcome = EXECUTE_CANCELLED});
		close(signals);
		return status;
	}
	rc = execute_begin(plan, &config, &execution);
	if (rc != 0) {
		audit_end(audit,
			  &(struct execute_progress){.outcome = EXECUTE_FAILED, .error = rc});
		close(signals);
		return program_fail(rc == -EXDEV ? "/proc is another pid namespace's" : "beginning",
				    rc);
	}
	run_to_end(execution, signals, is_shown);
	execute_progress(execution, &progress);
	audit_end(audit, &progress);
	show_result(&progress, is_shown);
	status = status_of(&progress);
	execute_free(execution);
	if (progress.outcome == EXECUTE_GONE)
		status = supervise_watch(program, supervise, is_interrupted, signals);
	close(signals);
	return status;
}

/* ---- Together ---- */

static int show_plan(const struct program *program, const struct plan *plan,
		     const struct supervise *supervise)
{
	struct text text = {0};
	int status;

	plan_add_text(&text, plan, program->users, program->options.is_dry_run);
	supervise_add_text(&text, supervise);
	status = program_write(text_str(&text), text.len);
	text_done(&text);
	return status;
}

/* Where somebody looks on, or something would come back, whether it does is worth the wait. */
static double time_to_watch(const struct options *options, const struct supervise *supervise)
{
	if (!isnan(options->watch_s))
		return options->watch_s;
	return is_terminal() || (supervise->supervisors->n > 0 && !options->at_supervisor)
		       ? COMEBACK_WATCH_S
		       : 0;
}

/* A kill that is not written down is not prevented, but nobody shall find out only later. */
static struct audit *open_audit(const struct program *program)
{
	struct audit *audit = audit_open(program->users, program->audit);

	if (audit_why(audit))
		program_complain(NULL, audit_why(audit));
	return audit;
}

static int decide(struct program *program, const struct plan *plan,
		  const struct supervise *supervise)
{
	const struct options *options = &program->options;
	int status = show_plan(program, plan, supervise);
	struct audit *audit;

	if (status != EXIT_OK)
		return status;
	if (plan->n_steps == 0)
		return EXIT_REFUSED;
	if (options->is_dry_run)
		return EXIT_OK;
	if (program->confine) {
		program_complain(NULL, "read-only: nothing can be signalled");
		return EXIT_REFUSED;
	}
	if (!options->is_yes && !is_terminal()) {
		program_complain(NULL, "nobody can be asked without a terminal: say --yes");
		return EXIT_USAGE;
	}
	audit = open_audit(program);
	if (options->is_yes || confirm(plan)) {
		program->options.watch_s = time_to_watch(options, supervise);
		status = execute(program, plan, supervise, audit);
	} else {
		program_complain(NULL, "nothing was done");
		status = EXIT_REFUSED;
	}
	audit_close(audit);
	return status;
}

int run_kill(struct program *program)
{
	struct history *history = history_new(&program->thresholds);
	struct moment now = {0};
	struct plan *plan = NULL;
	struct supervise supervise = {0};
	int status;
	int rc;

	program->options.sample_s = 0;
	rc = program_watch(program, history, &now);
	status = rc == 0 ? make_plan(program, now.model, &plan)
			 : program_fail("reading the processes", rc);
	if (status == EXIT_OK) {
		rc = supervise_open(&supervise, now.model, plan);
		if (rc != 0)
			status = program_fail("finding supervisors", rc);
	}
	moment_done(&now);
	history_free(history);
	haste_end(&program->haste);
	if (status == EXIT_OK)
		status = decide(program, plan, &supervise);
	supervise_done(&supervise);
	plan_free(plan);
	return status;
}
