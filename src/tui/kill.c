/*
 * The kill dialogue: the plan is shown first, then it is confirmed, carried out in slices with its
 * progress in view, and its result stays until a key. Nothing else moves meanwhile.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clade/audit.h"
#include "clade/execute.h"
#include "clade/mem.h"
#include "clade/plan.h"
#include "clade/safe.h"
#include "clade/supervisor.h"
#include "commands.h"
#include "panes.h"
#include "ui.h"

enum stage { STAGE_ASK, STAGE_SIGNALS, STAGE_TELL, STAGE_RUN, STAGE_RESULT };

static const double GRACE_S = 5;

enum { PROGRESS_MS = 50 };

struct kill {
	enum stage stage;
	struct plan_target *targets;
	size_t n_targets;
	char *words;
	int signal;
	size_t signal_at; /* STAGE_SIGNALS: the chosen row */
	struct plan *plan;
	struct supervisors *supervisors;
	size_t told; /* STAGE_TELL: supervisors that are done with */
	struct supervisor_stop *stop;
	struct audit *audit;
	struct execution *execution;
	struct input input;
	struct text lines; /* what is in view: the plan, or the result */
	size_t top;
};

/* ---- The plan ---- */

static void find_supervisors(struct kill *kill, const struct ui *ui)
{
	int32_t *procs = mem_new(kill->plan->n_steps + 1, sizeof(*procs));
	size_t n = 0;

	supervisors_free(kill->supervisors);
	kill->supervisors = NULL;
	for (size_t i = 0; i < kill->plan->n_steps; i++) {
		int32_t proc = snapshot_find(ui->model->snap, kill->plan->steps[i].key);

		if (proc != NO_PROC)
			procs[n++] = proc;
	}
	if (signal_get(kill->signal)->is_ending)
		(void)supervisors_find(ui->model, procs, n, "", &kill->supervisors);
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
				   .uid = geteuid(),
				   .is_mighty = execute_is_mighty(),
				   .may_signal = execute_may_signal,
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

static void write_result(struct kill *kill)
{
	struct execute_progress progress;

	execute_progress(kill->execution, &progress);
	audit_end(kill->audit, &progress);
	text_clear(&kill->lines);
	execute_add_result(&kill->lines, &progress);
	text_add_char(&kill->lines, '\n');
	if (progress.cgroup)
		text_printf(&kill->lines, "The control group %s was frozen as one.\n",
			    progress.cgroup);
	for (size_t i = 0; progress.outcome != EXECUTE_SIGNALLED && i < progress.n_survivors; i++) {
		survivor_add_text(&kill->lines, &progress.survivors[i]);
		text_add_char(&kill->lines, '\n');
	}
	if (audit_why(kill->audit))
		text_printf(&kill->lines, "Note: %s\n", audit_why(kill->audit));
	kill->stage = STAGE_RESULT;
	kill->top = 0;
}

static void begin(struct kill *kill, struct ui *ui)
{
	int rc;

	audit_begin(kill->audit, kill->plan, GRACE_S);
	rc = execute_begin(kill->plan, &(struct execute_config){.grace_s = GRACE_S},
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
					  &(struct supervisor_stop_config){.grace_s = GRACE_S},
					  &kill->stop) == 0)
			return;
	}
	begin(kill, ui);
}

static int step_tell(struct kill *kill, struct ui *ui)
{
	int more = supervisor_stop_step(kill->stop);

	if (more > 0)
		return PROGRESS_MS;
	if (more < 0) {
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
	write_result(kill);
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
		if (dialogue_is_closing_key(key))
			dialogue_close(ui);
		break;
	case STAGE_RUN:
		if (dialogue_is_closing_key(key)) {
			execute_cancel(kill->execution);
			write_result(kill);
		}
		break;
	case STAGE_RESULT:
		if (dialogue_is_closing_key(key) || key == KEY_CODE_ENTER)
			dialogue_close(ui);
		else
			kill->top = dialogue_move(key, kill->top, kill->lines.len, 1);
		break;
	}
}

/* ---- Drawing ---- */

static void draw_lines(const struct kill *kill, struct cells *cells, int from, int bottom)
{
	const char *at = text_str(&kill->lines);
	struct text line = {0};
	size_t skip = kill->top;

	while (*at && from < bottom) {
		size_t len = strcspn(at, "\n");

		text_clear(&line);
		text_add_bytes(&line, at, len);
		at += len + (at[len] == '\n');
		if (skip > 0) {
			skip--;
			continue;
		}
		cells_put(cells, from++, 1, cells->columns - 1,
			  strncmp(text_str(&line), "Note:", 5) == 0 ||
					  strncmp(text_str(&line), "Comes back:", 11) == 0
				  ? STYLE_WARN
				  : STYLE_NORMAL,
			  text_str(&line));
	}
	text_done(&line);
}

static void draw_question(const struct kill *kill, struct cells *cells, int row)
{
	const char *name = signal_get(kill->signal)->name;
	struct text line = {0};

	if (kill->plan->n_steps == 0 && kill->plan->n_reapers > 0)
		text_add(&line,
			 "c sends SIGCHLD to the parent, so that it reaps; p ends the parent");
	else if (kill->plan->n_steps == 0)
		text_add(&line, "Nothing of this can be signalled");
	else if (plan_needs_count(kill->plan))
		text_printf(&line, "Type %zu and Enter to send %s: %s_", kill->plan->n_steps, name,
			    kill->input.text);
	else
		text_printf(&line, "Enter sends %s", name);
	cells_put(cells, row, 1, cells->columns - 1, STYLE_ALARM, text_str(&line));
	text_done(&line);
}

static void draw_signals(const struct kill *kill, struct cells *cells, int bottom)
{
	size_t height = (size_t)(bottom > 2 ? bottom - 2 : 1);
	size_t top = kill->signal_at >= height ? kill->signal_at - height + 1 : 0;
	struct text line = {0};

	for (size_t i = top; signal_rows[i].name && i < top + height; i++) {
		text_clear(&line);
		text_printf(&line, "%-7s %2d  %s", signal_rows[i].name, signal_rows[i].number,
			    signal_rows[i].help);
		cells_put(cells, 2 + (int)(i - top), 1, cells->columns - 1, STYLE_NORMAL,
			  text_str(&line));
		if (i == kill->signal_at)
			cells_paint(cells, 2 + (int)(i - top), 0, cells->columns, STYLE_SELECTED);
	}
	text_done(&line);
}

static void draw_figure(struct cells *cells, int row, const char *what, size_t n)
{
	char number[UNITS_LEN];
	struct text line = {0};

	text_printf(&line, "%10s  %s", units_count(number, n), what);
	cells_put(cells, row, 1, cells->columns - 1, STYLE_NORMAL, text_str(&line));
	text_done(&line);
}

static void draw_progress(const struct kill *kill, struct cells *cells)
{
	struct execute_progress progress;
	struct text line = {0};

	execute_progress(kill->execution, &progress);
	text_printf(&line, "%s: %s", signal_get(kill->signal)->name,
		    execute_phase_name(progress.phase));
	if (progress.phase == EXECUTE_GRACE)
		text_printf(&line, ", SIGKILL to what is left in %.0f s", progress.grace_left_s);
	cells_put(cells, 2, 1, cells->columns - 1, STYLE_VALUE, text_str(&line));
	draw_figure(cells, 4, "stopped", progress.stopped);
	draw_figure(cells, 5, "signalled", progress.signalled);
	draw_figure(cells, 6, "gone", progress.gone);
	draw_figure(cells, 7, "left", progress.left);
	draw_figure(cells, 8, "found later", progress.newcomers);
	draw_figure(cells, 9, "looks", progress.looks);
	text_done(&line);
}

static void draw_kill(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	const struct kill *kill = ui->dialogue_state;
	int bottom = layout->footer_row >= 0 ? layout->footer_row : cells->rows;

	switch (kill->stage) {
	case STAGE_ASK:
		dialogue_draw_title(cells, "Kill: the plan");
		draw_lines(kill, cells, 1, bottom - 2);
		if (ui->message[0])
			cells_put(cells, bottom - 2, 1, cells->columns - 1, STYLE_ALARM,
				  ui->message);
		draw_question(kill, cells, bottom - 1);
		break;
	case STAGE_SIGNALS:
		dialogue_draw_title(cells, "Kill: another signal");
		draw_signals(kill, cells, bottom);
		break;
	case STAGE_TELL:
		dialogue_draw_title(cells, "Kill: telling the supervisor");
		cells_put(cells, 2, 1, cells->columns - 1, STYLE_NORMAL,
			  kill->told < kill->supervisors->n
				  ? kill->supervisors->items[kill->told].sentence
				  : "");
		break;
	case STAGE_RUN:
		dialogue_draw_title(cells, "Kill: at it");
		draw_progress(kill, cells);
		break;
	case STAGE_RESULT:
		dialogue_draw_title(cells, "Kill: the result");
		draw_lines(kill, cells, 2, bottom);
		break;
	}
}

static void draw_kill_footer(const struct ui *ui, struct cells *cells, int row)
{
	static const struct dialogue_key keys[][5] = {
		[STAGE_ASK] = {{"Enter", "Send"},
			       {"F9", "Signal"},
			       {"Up/Dn", "Move"},
			       {"Esc", "Leave it"}},
		[STAGE_SIGNALS] = {{"Enter", "Choose"}, {"Up/Dn", "Move"}, {"Esc", "Back"}},
		[STAGE_TELL] = {{"Esc", "Stop waiting"}},
		[STAGE_RUN] = {{"Esc", "Cancel: what was stopped goes on"}},
		[STAGE_RESULT] = {{"Esc", "Close"}, {"Up/Dn", "Move"}},
	};
	const struct kill *kill = ui->dialogue_state;

	dialogue_draw_keys(cells, row, keys[kill->stage]);
}

/* ---- Opening and closing ---- */

static void close_kill(struct ui *ui)
{
	struct kill *kill = ui->dialogue_state;

	/* clade ends in the middle of it: everything is put back, and that is written down */
	if (kill->execution && kill->stage == STAGE_RUN) {
		execute_cancel(kill->execution);
		write_result(kill);
	}
	execute_free(kill->execution);
	supervisor_stop_free(kill->stop);
	supervisors_free(kill->supervisors);
	audit_close(kill->audit);
	plan_free(kill->plan);
	text_done(&kill->lines);
	free(kill->targets);
	free(kill->words);
	free(kill);
}

static const struct dialogue dialogue_kill = {
	.handle = handle_kill,
	.draw = draw_kill,
	.draw_footer = draw_kill_footer,
	.step = step_kill,
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
	kill->audit = audit_open(ui->users);
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
