/*
 * Changes the priority of what is tagged or selected, with all below it. What is done in a moment
 * is done at once; more shows how far it is.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clade/audit.h"
#include "clade/mem.h"
#include "clade/nice.h"
#include "clade/plan.h"
#include "clade/units.h"
#include "commands.h"
#include "panes.h"
#include "ui.h"

#define REFUSAL "no priority can be changed"

/* ---- Doing it ---- */

struct work {
	struct plan *plan;
	struct nice_change change;
	struct audit *audit;
	struct nicing *nicing;
};

static void work_free(struct work *work)
{
	nice_free(work->nicing);
	audit_close(work->audit);
	plan_free(work->plan);
	free(work);
}

/* Writes down what came of it, and says it. */
static void tell(struct work *work, struct ui *ui)
{
	struct nice_progress progress;
	struct text words = {0};

	nice_progress(work->nicing, &progress);
	(void)audit_end_nice(work->audit, work->plan, &progress);
	nice_add_result(&words, &work->change, work->plan, &progress);
	if (audit_why(work->audit))
		text_printf(&words, "; %s", audit_why(work->audit));
	ui_say(ui, progress.refused > 0 || progress.error != 0 || progress.changed == 0, "%s",
	       text_str(&words));
	text_done(&words);
}

static int step_work(struct ui *ui)
{
	const struct work *work = ui->dialogue_state;

	if (nice_step(work->nicing) > 0)
		return 0;
	dialogue_close(ui);
	return -1;
}

static bool is_working(const struct ui *ui)
{
	(void)ui;
	return true;
}

/* Only a key that closes comes here. */
static void handle_work(struct ui *ui, const struct event *event)
{
	(void)event;
	dialogue_close(ui);
}

static void close_work(struct ui *ui)
{
	struct work *work = ui->dialogue_state;

	nice_stop(work->nicing); /* harmless when it is through */
	tell(work, ui);
	work_free(work);
}

static void draw_work_footer(const struct ui *ui, struct cells *cells, int row)
{
	const struct work *work = ui->dialogue_state;
	struct nice_progress progress;
	char changed[UNITS_LEN], planned[UNITS_LEN];
	struct text words = {0};

	nice_progress(work->nicing, &progress);
	nice_add_change(&words, &work->change);
	text_printf(&words, ": %s of %s changed  Esc stops", units_count(changed, progress.changed),
		    units_count(planned, progress.planned + progress.newcomers));
	cells_put(cells, row, 0, cells->columns, STYLE_KEY_TEXT, text_str(&words));
	text_done(&words);
}

static const struct dialogue dialogue_work = {
	.handle = handle_work,
	.draw_footer = draw_work_footer,
	.step = step_work,
	.is_working = is_working,
	.close = close_work,
};

static int make_plan(const struct ui *ui, struct plan **plan)
{
	struct target *targets;
	struct plan_target *plan_targets = NULL;
	struct text words = {0};
	size_t n = ui_targets(ui, &targets);
	int rc = -ENOENT;

	if (n > 0) {
		ui_add_target_words(&words, ui, targets, n);
		n = ui_plan_targets(ui, targets, n, &plan_targets);
		/* who may change whose priority is not who may signal whom: the kernel says */
		rc = plan_make(ui->model,
			       &(struct plan_request){
				       .targets = plan_targets,
				       .n_targets = n,
				       .signal = SIGCONT,
				       .uid = ui->rights.uid,
				       .is_mighty = true,
				       .words = text_str(&words),
			       },
			       plan);
	}
	text_done(&words);
	free(plan_targets);
	free(targets);
	return rc;
}

/* A change that is not written down is not prevented, but the user is told before the first. */
static bool may_be_unwritten(struct ui *ui, struct work *work)
{
	work->audit = audit_open(ui->users, ui->rights.audit);
	if (!audit_why(work->audit) || ui->knows_no_audit)
		return true;
	ui_say(ui, true, "%s; again to go on all the same", audit_why(work->audit));
	ui->knows_no_audit = true;
	return false;
}

static void change(struct ui *ui, struct nice_change wanted)
{
	struct work *work = mem_new(1, sizeof(*work));
	int rc = make_plan(ui, &work->plan);

	work->change = wanted;
	if (rc == 0 && !may_be_unwritten(ui, work)) {
		work_free(work);
		return;
	}
	if (rc == 0)
		rc = nice_begin(work->plan, &wanted, &work->nicing);
	if (rc != 0) {
		if (rc != -ENOENT)
			ui_say(ui, true, "nothing was changed: %s", strerror(-rc));
		work_free(work);
		return;
	}
	(void)audit_begin_nice(work->audit, work->plan, &wanted);
	if (nice_step(work->nicing) > 0) {
		dialogue_open(ui, &dialogue_work, work);
		return;
	}
	tell(work, ui);
	work_free(work);
}

static void change_by(struct ui *ui, int by)
{
	if (ui_may_act(ui, REFUSAL))
		change(ui, (struct nice_change){.what = NICE_BY, .by = by});
}

void command_less_nice(struct ui *ui)
{
	change_by(ui, -1);
}

void command_nicer(struct ui *ui)
{
	change_by(ui, 1);
}

/* ---- The class of I/O ---- */

static void apply_io(struct ui *ui, uint32_t value)
{
	change(ui, (struct nice_change){
			   .what = NICE_IO,
			   .io = (enum nice_io)(value / NICE_IO_LEVELS),
			   .level = (int)(value % NICE_IO_LEVELS),
		   });
}

static void add_class(struct menu *menu, enum nice_io io, int level, const char *help)
{
	struct text text = {0};

	nice_add_change(&text, &(struct nice_change){.what = NICE_IO, .io = io, .level = level});
	text_printf(&text, "%*s%s", (int)(24 - (text.len < 24 ? text.len : 23)), "", help);
	menu_add(menu, (uint32_t)io * NICE_IO_LEVELS + (uint32_t)level, &text, io == NICE_IO_NONE);
}

void command_io(struct ui *ui)
{
	struct menu *menu;

	if (!ui_may_act(ui, REFUSAL))
		return;
	menu = menu_open(ui, "The class of I/O of what is tagged or selected, with all below it",
			 apply_io);
	add_class(menu, NICE_IO_NONE, 0, "best-effort, by the nice value: as usual");
	for (int level = 0; level < NICE_IO_LEVELS; level++)
		add_class(menu, NICE_IO_BEST_EFFORT, level, level == 0 ? "before others" : "");
	add_class(menu, NICE_IO_IDLE, 0, "only when nobody else wants the disk");
	for (int level = 0; level < NICE_IO_LEVELS; level++)
		add_class(menu, NICE_IO_REAL_TIME, level,
			  level == 0 ? "before everybody, always: root only" : "");
}
