/*
 * The kill dialogue: the plan is shown first, then it is confirmed, carried out in slices with its
 * progress in view, and its result stays until a key. Nothing else moves meanwhile.
 */
#include "kill.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "commands.h"

/* Between two looks at a supervisor that was told. */
enum { TELL_MS = 50 };

/* ---- The plan ---- */

/* Who would bring it back, and by what one sees that it is. */
static void find_supervisors(struct kill *kill, const struct ui *ui)
{
	int32_t *procs = mem_new(kill->plan->n_steps + 1, sizeof(*procs));
	size_t n = 0;

	supervisors_free(kill->supervisors);
	comeback_free(kill->comeback);
	kill->supervisors = NULL;
	kill->comeback = NULL;
	for (size_t i = 0; i < kill->plan->n_steps; i++) {
		int32_t proc = snapshot_find(ui->model->snap, kill->plan->steps[i].key);

		if (proc != NO_PROC)
			procs[n++] = proc;
	}
	if (signal_get(kill->signal)->is_ending) {
		(void)supervisors_find(ui->model, procs, n, "", &kill->supervisors);
		kill->comeback = comeback_new(ui->model, procs, n);
	}
	free(procs);
}

static void add_supervisors(struct kill *kill)
{
	for (size_t i = 0; kill->supervisors && i < kill->supervisors->n; i++) {
		const struct supervisor *supervisor = &kill->supervisors->items[i];

		text_printf(&kill->lines, "Comes back: %s\n", supervisor->sentence);
		if (supervisor->command)
			text_printf(&kill->lines, "            to end it there: %s%s\n",
				    supervisor->command,
				    supervisor->can_stop ? " (or press s)" : "");
	}
}

static void write_plan(struct kill *kill, const struct ui *ui)
{
	text_clear(&kill->lines);
	plan_add_text(&kill->lines, kill->plan, ui->users, false);
	add_supervisors(kill);
	if (audit_why(kill->audit))
		text_printf(&kill->lines, "Note: %s\n", audit_why(kill->audit));
	if (!execute_has_pidfd())
		text_add(&kill->lines, "Note: this kernel has no pidfds: start times are compared "
				       "right before each signal\n");
	kill->top = 0;
}

/* Returns whether there is a plan. */
static bool make_plan(struct kill *kill, struct ui *ui)
{
	struct plan *plan;
	int rc = plan_make(ui->model,
			   &(struct plan_request){
				   .targets = kill->targets,
				   .n_targets = kill->n_targets,
				   .signal = kill->signal,
				   .uid = ui->rights.uid,
				   .is_mighty = ui->rights.is_mighty,
				   .may_signal = ui->rights.may_signal,
				   .words = kill->words,
			   },
			   &plan);

	if (rc != 0) {
		ui_say(ui, true, "no plan could be made: %s", strerror(-rc));
		return false;
	}
	plan_free(kill->plan);
	kill->plan = plan;
	kill->stage = STAGE_ASK;
	kill->input = (struct input){0};
	find_supervisors(kill, ui);
	write_plan(kill, ui);
	return true;
}

/* ---- Carrying it out ---- */

/* What is gone may come back: the samples to come tell. */
static void watch(struct kill *kill, struct ui *ui)
{
	ui_watch_comeback(ui, kill->comeback);
	kill->comeback = NULL;
	text_printf(&kill->lines, "Whether it comes back is watched for %d s.\n", COMEBACK_WATCH_S);
}

void kill_add_result(struct text *lines, const struct execute_progress *progress)
{
	execute_add_result(lines, progress);
	text_add_char(lines, '\n');
	if (progress->cgroup)
		text_printf(lines, "The control group %s was frozen as one.\n", progress->cgroup);
	for (size_t i = 0; progress->outcome != EXECUTE_SIGNALLED && i < progress->n_survivors;
	     i++) {
		survivor_add_text(lines, &progress->survivors[i]);
		text_add_char(lines, '\n');
	}
}

static void write_result(struct kill *kill, struct ui *ui)
{
	struct execute_progress progress;

	execute_progress(kill->execution, &progress);
	audit_end(kill->audit, &progress);
	text_clear(&kill->lines);
	kill_add_result(&kill->lines, &progress);
	if (progress.outcome == EXECUTE_GONE && kill->comeback)
		watch(kill, ui);
	if (audit_why(kill->audit))
		text_printf(&kill->lines, "Note: %s\n", audit_why(kill->audit));
	kill->stage = STAGE_RESULT;
	kill->top = 0;
}

static void begin(struct kill *kill, struct ui *ui)
{
	int rc;

	rc = execute_begin(kill->plan, &(struct execute_config){.grace_s = ui->grace_s},
			   &kill->execution);
	if (rc == 0) {
		kill->stage = STAGE_RUN;
		return;
	}
	audit_end(kill->audit, &(struct execute_progress){.outcome = EXECUTE_FAILED, .error = rc});
	ui_say(ui, true, "nothing was done: %s", strerror(-rc));
	dialogue_close(ui);
}

/* The next supervisor that can be told; none is left: the processes themselves. */
static void tell_next(struct kill *kill, struct ui *ui)
{
	supervisor_stop_free(kill->stop);
	kill->stop = NULL;
	for (; kill->told < kill->supervisors->n; kill->told++) {
		const struct supervisor *supervisor = &kill->supervisors->items[kill->told];

		if (supervisor_stop_begin(supervisor,
					  &(struct supervisor_stop_config){.grace_s = ui->grace_s},
					  &kill->stop) == 0)
			return;
	}
	begin(kill, ui);
}

static int step_tell(struct kill *kill, struct ui *ui)
{
	int more = supervisor_stop_step(kill->stop);

	if (more > 0)
		return TELL_MS;
	audit_told(kill->audit, &kill->supervisors->items[kill->told], more,
		   supervisor_stop_words(kill->stop));
	if (more < 0) {
		audit_end(kill->audit,
			  &(struct execute_progress){.outcome = EXECUTE_FAILED, .error = more});
		text_clear(&kill->lines);
		text_printf(&kill->lines, "%s\nNothing was signalled.\n",
			    supervisor_stop_words(kill->stop));
		kill->stage = STAGE_RESULT;
		return -1;
	}
	kill->told++;
	tell_next(kill, ui);
	return 0;
}

static int step_kill(struct ui *ui)
{
	struct kill *kill = ui->dialogue_state;

	if (kill->stage == STAGE_TELL)
		return step_tell(kill, ui);
	if (kill->stage != STAGE_RUN)
		return -1;
	if (execute_step(kill->execution) > 0)
		return execute_pause_ms(kill->execution);
	write_result(kill, ui);
	return -1;
}

/* ---- Keys ---- */

/* Only zombies: their parents are asked to reap them. */
static bool ask_parents(struct kill *kill, struct ui *ui, int number)
{
	size_t n = kill->plan->n_reapers;

	if (kill->plan->n_steps > 0 || n == 0)
		return false;
	kill->targets = mem_grow(kill->targets, n, sizeof(*kill->targets));
	kill->n_targets = 0;
	for (size_t i = 0; i < n; i++) {
		int32_t parent = snapshot_find(ui->model->snap, kill->plan->reapers[i].key);

		if (parent != NO_PROC)
			kill->targets[kill->n_targets++] = (struct plan_target){
				.type = number == SIGCHLD ? TARGET_PROC : TARGET_TREE,
				.index = parent,
			};
	}
	kill->signal = number;
	return make_plan(kill, ui);
}

bool kill_has_owners(const struct kill *kill)
{
	for (size_t i = 0; i < kill->n_targets; i++) {
		if (kill->targets[i].type == TARGET_OWNER ||
		    kill->targets[i].type == TARGET_OWNER_NESTED)
			return true;
	}
	return false;
}

/* Owners with those that lie in them, or without. */
static void turn_nested(struct kill *kill, struct ui *ui)
{
	bool is_nested = false;

	for (size_t i = 0; i < kill->n_targets; i++) {
		struct plan_target *target = &kill->targets[i];

		if (target->type == TARGET_OWNER)
			target->type = TARGET_OWNER_NESTED;
		else if (target->type == TARGET_OWNER_NESTED)
			target->type = TARGET_OWNER;
		is_nested = is_nested || target->type == TARGET_OWNER_NESTED;
	}
	if (make_plan(kill, ui))
		ui_say(ui, false, is_nested ? "with the owners in it" : "without the owners in it");
}

/* One process with all below it, or all that run the same. */
static void turn_alike(struct kill *kill, struct ui *ui)
{
	struct plan_target *target = &kill->targets[0];
	bool is_alike = target->type == TARGET_TREE;
	struct text words = {0};

	target->type = is_alike ? TARGET_ALIKE : TARGET_TREE;
	text_printf(&words, "%s:%d", is_alike ? "alike" : "pid",
		    ui->model->snap->procs[target->index].pid);
	free(kill->words);
	kill->words = text_take(&words);
	if (make_plan(kill, ui))
		ui_say(ui, false, is_alike ? "with all that run the same" : "it and all below it");
}

static bool can_tell(const struct kill *kill)
{
	for (size_t i = 0; kill->supervisors && i < kill->supervisors->n; i++) {
		if (kill->supervisors->items[i].can_stop)
			return true;
	}
	return false;
}

static bool is_confirmed(const struct kill *kill)
{
	char count[24];

	snprintf(count, sizeof(count), "%zu", kill->plan->n_steps);
	return !plan_needs_count(kill->plan) || strcmp(kill->input.text, count) == 0;
}

static void confirm(struct kill *kill, struct ui *ui, bool at_supervisor)
{
	if (kill->plan->n_steps == 0)
		return;
	if (!is_confirmed(kill)) {
		ui_say(ui, true, "type %zu first: that many processes are meant",
		       kill->plan->n_steps);
		return;
	}
	audit_begin(kill->audit, kill->plan, ui->grace_s);
	if (at_supervisor) {
		kill->stage = STAGE_TELL;
		tell_next(kill, ui);
	} else {
		begin(kill, ui);
	}
}

static void handle_ask(struct kill *kill, struct ui *ui, uint32_t key)
{
	if (key == KEY_CODE_ENTER) {
		confirm(kill, ui, false);
	} else if (key == KEY_CODE_ESCAPE || key == KEY_CODE_F10 || key == 'q') {
		dialogue_close(ui);
	} else if (key == KEY_CODE_F9 || key == 'k') {
		kill->stage = STAGE_SIGNALS;
		kill->signal_at = (size_t)(signal_get(kill->signal) - signal_rows);
	} else if (key == 's' && can_tell(kill)) {
		confirm(kill, ui, true);
	} else if (key == 'n' && kill_has_owners(kill)) {
		turn_nested(kill, ui);
	} else if (key == 'a' && kill->plan->has_alike) {
		turn_alike(kill, ui);
	} else if (key == 'c') {
		ask_parents(kill, ui, SIGCHLD);
	} else if (key == 'p') {
		ask_parents(kill, ui, SIGTERM);
	} else if (plan_needs_count(kill->plan) &&
		   ((key >= '0' && key <= '9') || key == KEY_CODE_BACKSPACE)) {
		input_take(&kill->input, key);
	} else {
		kill->top = dialogue_move(key, kill->top, kill->lines.len, 1);
	}
}

static void handle_signals(struct kill *kill, struct ui *ui, uint32_t key)
{
	size_t n = 0;

	while (signal_rows[n].name)
		n++;
	if (key == KEY_CODE_ENTER) {
		kill->signal = signal_rows[kill->signal_at].number;
		make_plan(kill, ui);
	} else if (dialogue_is_closing_key(key)) {
		kill->stage = STAGE_ASK;
	} else {
		kill->signal_at = dialogue_move(key, kill->signal_at, n,
						(size_t)(ui->height > 4 ? ui->height - 4 : 1));
	}
}

static bool is_working(const struct ui *ui)
{
	const struct kill *kill = ui->dialogue_state;

	return kill->stage == STAGE_TELL || kill->stage == STAGE_RUN;
}

static void handle_kill(struct ui *ui, const struct event *event)
{
	struct kill *kill = ui->dialogue_state;
	uint32_t key = dialogue_event_key(event);

	switch (kill->stage) {
	case STAGE_ASK:
		handle_ask(kill, ui, key);
		break;
	case STAGE_SIGNALS:
		handle_signals(kill, ui, key);
		break;
	case STAGE_TELL:
		dialogue_close(ui); /* during the work only a key that closes comes here */
		break;
	case STAGE_RUN:
		execute_cancel(kill->execution);
		write_result(kill, ui);
		break;
	case STAGE_RESULT:
		if (dialogue_is_closing_key(key) || key == KEY_CODE_ENTER)
			dialogue_close(ui);
		else
			kill->top = dialogue_move(key, kill->top, kill->lines.len, 1);
		break;
	}
}

/* ---- Opening and closing ---- */

static void close_kill(struct ui *ui)
{
	struct kill *kill = ui->dialogue_state;

	/* clade ends in the middle of it: everything is put back, and that is written down */
	if (kill->execution && kill->stage == STAGE_RUN) {
		execute_cancel(kill->execution);
		write_result(kill, ui);
	}
	if (kill->stage == STAGE_TELL)
		audit_end(kill->audit, &(struct execute_progress){.outcome = EXECUTE_CANCELLED});
	execute_free(kill->execution);
	supervisor_stop_free(kill->stop);
	supervisors_free(kill->supervisors);
	comeback_free(kill->comeback);
	audit_close(kill->audit);
	plan_free(kill->plan);
	text_done(&kill->lines);
	free(kill->targets);
	free(kill->words);
	free(kill);
}

static const struct dialogue dialogue_kill = {
	.handle = handle_kill,
	.draw = kill_draw,
	.draw_footer = kill_draw_footer,
	.step = step_kill,
	.is_working = is_working,
	.close = close_kill,
};

static void open_kill(struct ui *ui, const struct target *targets, size_t n)
{
	struct kill *kill = mem_new(1, sizeof(*kill));
	struct text words = {0};

	kill->n_targets = ui_plan_targets(ui, targets, n, &kill->targets);
	ui_add_target_words(&words, ui, targets, n);
	kill->words = text_take(&words);
	kill->signal = SIGTERM;
	kill->audit = audit_open(ui->users, ui->rights.audit);
	dialogue_open(ui, &dialogue_kill, kill);
	if (!make_plan(kill, ui))
		dialogue_close(ui);
}

void command_kill(struct ui *ui)
{
	struct target *targets;
	size_t n;

	if (!ui_may_act(ui, "nothing can be signalled"))
		return;
	n = ui_targets(ui, &targets);
	if (n > 0)
		open_kill(ui, targets, n);
	free(targets);
}
