/* The keys of a replay. */
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "commands.h"
#include "dialogue.h"
#include "replay.h"
#include "ui.h"

/* Live there is nothing to go back to. */
static struct replay *replay_of(struct ui *ui)
{
	if (!ui->replay)
		ui_say(ui, false, "only in a replay: clade record FILE, then clade replay FILE");
	return ui->replay;
}

/* Who steps does not want to be carried on. */
static void go(struct ui *ui, size_t target)
{
	ui->replay->is_playing = false;
	replay_go(ui->replay, target);
}

void command_step_forwards(struct ui *ui)
{
	const struct replay *replay = replay_of(ui);

	if (!replay)
		return;
	if (replay->target + 1 >= replay_count(replay))
		ui_say(ui, false, "this is the last moment");
	go(ui, replay->target + 1);
}

void command_step_back(struct ui *ui)
{
	const struct replay *replay = replay_of(ui);

	if (!replay)
		return;
	if (replay->target == 0)
		ui_say(ui, false, "this is the first moment");
	else
		go(ui, replay->target - 1);
}

static void go_to_change(struct ui *ui, bool forwards)
{
	const struct replay *replay = replay_of(ui);
	size_t found;

	if (!replay)
		return;
	found = replay_find_change(replay, forwards);
	if (found == replay->target)
		ui_say(ui, false, "the verdict stays as it is %s here",
		       forwards ? "from" : "up to");
	go(ui, found);
}

void command_next_verdict(struct ui *ui)
{
	go_to_change(ui, true);
}

void command_previous_verdict(struct ui *ui)
{
	go_to_change(ui, false);
}

static void change_speed(struct ui *ui, int change)
{
	struct replay *replay = replay_of(ui);

	if (replay)
		ui_say(ui, false, "%g times as fast as it was", replay_set_speed(replay, change));
}

void command_faster(struct ui *ui)
{
	change_speed(ui, 1);
}

void command_slower(struct ui *ui)
{
	change_speed(ui, -1);
}

/* ---- Going to a time ---- */

static void handle_time(struct ui *ui, const struct event *event)
{
	struct input *input = ui->dialogue_state;
	size_t target;

	if (event->type != EVENT_KEY)
		return;
	if (event->key == KEY_CODE_ESCAPE) {
		dialogue_close(ui);
	} else if (event->key != KEY_CODE_ENTER) {
		input_take(input, event->key);
	} else if (replay_parse(ui->replay, input->text, &target) == 0) {
		go(ui, target);
		dialogue_close(ui);
	} else {
		ui_say(ui, true,
		       "a time is 14:10, 14:10:30, 2026-11-24 14:10, -5m, +30s, first or last");
	}
}

static void draw_time(const struct ui *ui, struct cells *cells, int row)
{
	int at = input_draw(ui->dialogue_state, cells, row, "Go to (14:10, -5m, last): ") + 1;

	cells_put_cut(cells, row, at, cells->columns - at, ui->message[0] ? STYLE_WARN : STYLE_DIM,
		      ui->message[0] ? ui->message : "Enter goes, Esc drops", ui->is_ascii);
}

static void close_time(struct ui *ui)
{
	free(ui->dialogue_state);
}

void command_go_to(struct ui *ui)
{
	static const struct dialogue dialogue = {
		.handle = handle_time,
		.draw_footer = draw_time,
		.close = close_time,
	};

	if (replay_of(ui))
		dialogue_open(ui, &dialogue, mem_new(1, sizeof(struct input)));
}
