/* One thread: draw, read a slice, look at the keyboard, again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clade/execute.h"
#include "clade/moment.h"
#include "clade/tui.h"
#include "panes.h"
#include "terminal.h"

enum {
	PROGRESS_MS = 100,   /* how often the first sample shows how far it is */
	WAIT_MOST_MS = 1000, /* the age on the screen is brought up to date */
};

struct loop {
	const struct tui_config *config;
	struct ui ui;
	struct cells cells;
	struct history *history;
	struct replay *replay; /* NULL: live */
	struct moment shown;   /* on the screen */
	struct moment latest;  /* newer than that while the screen is frozen; else empty */
	struct moment past;    /* what has been replaced, until there is time to give it back */
	bool is_reading;
	struct moment_maker *maker; /* while a moment is made of what was read, else NULL */
	bool is_dirty;              /* the screen has to be drawn */
	bool has_heard;             /* a key, since the screen was drawn */
	bool is_quitting;
	uint64_t next_ms; /* when the next sample is due */
	uint64_t drawn_ms;
	uint64_t step_ms;    /* when the dialogue wants to go on with its work */
	uint64_t sampled_ms; /* when the last sample was begun */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void draw(struct loop *loop)
{
	const struct snapshot *shown = loop->shown.snap;
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	if (shown && !loop->replay)
		loop->ui.age_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9 -
				 (double)shown->mono_ms / 1000;
	ui_draw(&loop->ui, &loop->cells);
	terminal_show(&loop->cells, loop->ui.wants_redraw);
	loop->ui.wants_redraw = false;
	loop->is_dirty = loop->has_heard = false;
	loop->drawn_ms = now_ms();
}

static void look_at_keyboard(struct loop *loop)
{
	struct event event;

	if (terminal_is_ending())
		loop->is_quitting = true;
	while (!loop->is_quitting && terminal_read(&event)) {
		const struct theme *theme = loop->ui.theme;

		if (ui_handle(&loop->ui, &event) == UI_QUIT)
			loop->is_quitting = true;
		loop->is_dirty = loop->has_heard = true;
		if (loop->ui.theme != theme)
			terminal_set_theme(loop->ui.theme);
		loop->step_ms = 0; /* a key may have given a dialogue work */
	}
}

static void replace(struct loop *loop, struct moment *moment, struct moment by)
{
	moment_done(&loop->past);
	loop->past = *moment;
	*moment = by;
}

/* Puts what is newest on the screen, unless something there must not move. What a key has changed
 * is drawn first: all rows are not made twice while somebody waits. */
static void show_latest(struct loop *loop)
{
	if (!loop->latest.model || (ui_is_frozen(&loop->ui) && loop->shown.model) ||
	    loop->has_heard)
		return;
	replace(loop, &loop->shown, loop->latest);
	loop->latest = (struct moment){0};
	ui_set_model(&loop->ui, loop->shown.model);
	loop->is_dirty = true;
}

/* The sample before the next: rates are differences to the newest there is. */
static const struct snapshot *previous(const struct loop *loop)
{
	return loop->latest.snap ? loop->latest.snap : loop->shown.snap;
}

static void fail_sample(struct loop *loop, int rc)
{
	loop->is_reading = false;
	loop->is_dirty = true;
	if (loop->replay && !replay_arrive(loop->replay, false, now_ms()))
		return;
	ui_say(&loop->ui, true, "%s: %s",
	       loop->replay ? "this moment cannot be read" : "the last sample is lost",
	       strerror(-rc));
}

/* What is sought in a recording; false when there is nothing to read now. */
static bool seek(struct loop *loop)
{
	bool is_new = false;

	if (!replay_begin(loop->replay, &is_new))
		return false;
	if (is_new) {
		history_free(loop->history);
		loop->history = history_new(&loop->ui.thresholds);
	}
	return true;
}

/* A key has said to go elsewhere: what is being read is not wanted. */
static void turn(struct loop *loop)
{
	moment_drop(loop->maker);
	loop->maker = NULL;
	loop->is_reading = false;
	loop->replay->has_turned = false;
}

static void begin_sample(struct loop *loop)
{
	int rc;

	if (loop->replay && !seek(loop))
		return;
	history_set_thresholds(loop->history, &loop->ui.thresholds);
	rc = source_begin(loop->config->source, previous(loop));
	loop->sampled_ms = now_ms();
	loop->is_reading = rc == 0;
	loop->ui.reading = 0;
	if (rc != 0)
		fail_sample(loop, rc);
}

/* The next sample comes after the delay, and never so soon that reading would take more than half
 * of the time; but at once as long as there are processes that were not looked at for lack of it.
 */
static void schedule(struct loop *loop)
{
	const struct snapshot *last = previous(loop);
	uint64_t took = now_ms() - loop->sampled_ms;
	uint64_t delay = (uint64_t)(loop->ui.delay_s * 1000);

	if (delay < 2 * took)
		delay = 2 * took;
	if (last && last->n_unread > 0)
		delay = took;
	loop->next_ms = loop->sampled_ms + delay;
}

static void begin_making(struct loop *loop)
{
	struct snapshot *snap;
	int rc = source_seal(loop->config->source, &snap);

	loop->is_reading = false;
	if (rc == 0)
		rc = moment_begin(loop->config->attributor, loop->history, snap, &loop->maker);
	if (rc != 0)
		fail_sample(loop, rc);
}

static void read_slice(struct loop *loop)
{
	int more = source_step(loop->config->source);

	if (more > 0) {
		loop->ui.reading = source_progress(loop->config->source);
		if (!loop->shown.model && now_ms() - loop->drawn_ms >= PROGRESS_MS)
			loop->is_dirty = true;
		return;
	}
	if (more < 0)
		fail_sample(loop, more);
	else
		begin_making(loop);
	if (!loop->maker)
		schedule(loop);
}

static void make_slice(struct loop *loop)
{
	int more = moment_step(loop->maker);

	if (more > 0)
		return;
	if (more < 0) {
		moment_drop(loop->maker);
		fail_sample(loop, more);
	} else {
		struct moment made = moment_end(loop->maker);

		/* those on the way to a moment of a recording are not shown */
		if (loop->replay && !replay_arrive(loop->replay, true, now_ms())) {
			moment_done(&made);
		} else {
			ui_look_back(&loop->ui, made.model);
			replace(loop, &loop->latest, made);
		}
		loop->is_dirty = loop->is_dirty || loop->replay;
	}
	loop->maker = NULL;
	schedule(loop);
}

/* Long work of a dialogue goes on in slices, whether a sample is being read or not. */
static void work(struct loop *loop)
{
	int wait_ms;

	if (!loop->ui.dialogue || !loop->ui.dialogue->step || now_ms() < loop->step_ms)
		return;
	wait_ms = ui_work(&loop->ui);
	if (loop->ui.is_quitting)
		loop->is_quitting = true;
	loop->step_ms = wait_ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)wait_ms;
	loop->is_dirty = true;
}

static void rest(struct loop *loop)
{
	uint64_t now = now_ms();
	uint64_t wait = loop->next_ms > now ? loop->next_ms - now : 0;

	if (loop->ui.dialogue && loop->ui.dialogue->step && loop->step_ms < now + wait)
		wait = loop->step_ms > now ? loop->step_ms - now : 0;
	terminal_wait((int)(wait < SOURCE_IDLE_MS ? wait : SOURCE_IDLE_MS));
	source_idle(loop->config->source);
	/* while the screen stands still, its age goes on */
	if (now_ms() - loop->drawn_ms >= WAIT_MOST_MS && ui_is_frozen(&loop->ui))
		loop->is_dirty = true;
}

/* When the next moment is due; that there are more now is shown also while it stands. */
static void plan_replay(struct loop *loop)
{
	bool is_frozen = ui_is_frozen(&loop->ui);
	size_t count = replay_count(loop->replay);

	loop->next_ms = replay_due_ms(loop->replay, is_frozen, now_ms());
	if (!is_frozen && replay_count(loop->replay) != count)
		loop->is_dirty = true;
}

static void run(struct loop *loop)
{
	begin_sample(loop);
	while (!loop->is_quitting) {
		look_at_keyboard(loop);
		work(loop);
		show_latest(loop);
		if (loop->is_dirty && !loop->is_quitting)
			draw(loop);
		if (loop->is_quitting)
			break;
		if (loop->replay && loop->replay->has_turned)
			turn(loop);
		if (loop->replay && !loop->is_reading && !loop->maker)
			plan_replay(loop);
		if (loop->past.snap)
			moment_done(&loop->past);
		else if (loop->is_reading)
			read_slice(loop);
		else if (loop->maker)
			make_slice(loop);
		else if (now_ms() >= loop->next_ms)
			begin_sample(loop);
		else
			rest(loop);
	}
}

/* For a dialogue's work that cannot be left: the screen goes on showing it, and a key that closes
 * ends it. */
static bool pulse(void *context)
{
	struct loop *loop = context;
	struct event event;
	bool is_enough = terminal_is_ending();

	while (!is_enough && terminal_read(&event)) {
		ui_handle(&loop->ui, &event);
		is_enough = !dialogue_is_working(&loop->ui);
	}
	if (now_ms() - loop->drawn_ms >= PROGRESS_MS)
		draw(loop);
	return is_enough;
}

int tui_run(const struct tui_config *config, struct text *error)
{
	struct loop loop = {.config = config, .is_dirty = true};
	struct replay replay;
	const struct theme *theme = theme_find(config->is_mono ? "mono" : config->theme);
	int rc = terminal_open(&(struct terminal_config){theme, config->is_mono, config->has_mouse},
			       error);

	if (rc != 0)
		return rc;
	if (config->is_replay) {
		replay_init(&replay, config->source, config->is_playing);
		loop.replay = &replay;
	}
	ui_init(&loop.ui, &(struct ui_config){
				  .replay = loop.replay,
				  .theme = theme,
				  .keymap = config->keymap,
				  .preferences = config->preferences,
				  .users = config->users,
				  .thresholds = config->thresholds,
				  .keep = config->keep,
				  .keep_context = config->keep_context,
				  .maker = config->maker,
				  .snapshot_dir = config->snapshot_dir,
				  .pulse = pulse,
				  .pulse_context = &loop,
				  .collector = config->collector,
				  .collector_why = config->collector_why,
				  .is_ascii = config->is_ascii,
				  .is_live = config->is_live,
				  .is_readonly = config->is_readonly || config->is_replay,
				  .delay_s = config->delay_s,
				  .grace_s = config->grace_s,
				  .rights = {.uid = geteuid(),
					     .is_mighty = execute_is_mighty(),
					     .may_signal = execute_may_signal,
					     .audit = config->audit},
			  });
	if (config->first_words)
		ui_say(&loop.ui, true, "%s", config->first_words);
	terminal_size(&loop.ui.height, &loop.ui.width);
	cells_init(&loop.cells);
	loop.history = history_new(config->thresholds);
	run(&loop);
	terminal_close();
	moment_drop(loop.maker);
	moment_done(&loop.past);
	moment_done(&loop.latest);
	moment_done(&loop.shown);
	history_free(loop.history);
	cells_done(&loop.cells);
	ui_done(&loop.ui);
	return 0;
}
