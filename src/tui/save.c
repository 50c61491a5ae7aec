/* Writes the shown moment to a file: asks for the format and the place, and shows how far it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clade/export.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "clade/safe.h"
#include "clade/samples.h"
#include "commands.h"
#include "dialogue.h"
#include "panes.h"
#include "ui.h"

enum { MARGIN = 2 };

/* Where things stand; on a low screen without rows between them. */
struct places {
	int choices;
	int switches;
	int to;
	int progress;
};

struct save {
	struct input path;
	char stem[INPUT_MAX + 1]; /* "clade-web1-20261124T101245Z" */
	size_t choice;            /* 0: ndjson, packed; else formats[choice - 1] */
	bool is_redacted;
	bool is_narrowed; /* only what the filters of the screen leave */
	bool is_writing;
	uint64_t written; /* bytes so far */
	size_t done, all; /* processes */
	struct io_file file;
};

static const char packed_name[] = "ndjson.zst";

static size_t count_choices(void)
{
	size_t n = 1;

	while (formats[n - 1].name)
		n++;
	return n;
}

/* What the filters of the screen leave. */
static struct wanted shown_of(const struct ui *ui)
{
	return (struct wanted){
		.filter = ui->filter,
		.states = ui->states[0] ? ui->states : NULL,
		.uid = ui->view.uid != UINT32_MAX ? &ui->view.uid : NULL,
	};
}

static bool is_filtered(const struct ui *ui)
{
	struct wanted shown = shown_of(ui);

	return shown.filter || shown.states || shown.uid;
}

static struct places places_of(const struct ui *ui)
{
	int choices = (int)count_choices();
	int switches = is_filtered(ui) ? 2 : 1;
	/* the title, what is there, a row between two of them, the footer */
	int gap = ui->height >= 1 + choices + switches + 2 + 4 + 1 ? 1 : 0;
	struct places places = {.choices = 1 + gap};

	places.switches = places.choices + choices + gap;
	places.to = places.switches + switches + gap;
	places.progress = places.to + 2 * gap;
	return places;
}

static const char *choice_name(size_t choice)
{
	return choice == 0 ? packed_name : formats[choice - 1].name;
}

static const char *choice_extension(size_t choice)
{
	return choice == 0 ? packed_name : formats[choice - 1].extension;
}

static const char *choice_summary(size_t choice)
{
	return choice == 0 ? "everything, packed; clade replay and clade diff open it"
			   : formats[choice - 1].summary;
}

/* The name that belongs to the choice, in its place. */
static void add_own_name(const struct ui *ui, const struct save *save, struct text *name)
{
	const char *dir = ui->snapshot_dir;

	if (dir && *dir)
		text_printf(name, "%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/");
	text_printf(name, "%s.%s", save->stem, choice_extension(save->choice));
}

static void set_own_name(const struct ui *ui, struct save *save)
{
	struct text name = {0};

	add_own_name(ui, save, &name);
	snprintf(save->path.text, sizeof(save->path.text), "%s", text_str(&name));
	save->path.len = strlen(save->path.text);
	text_done(&name);
}

/* As long as nobody typed another name, it changes with the choice. */
static void choose(const struct ui *ui, struct save *save, size_t choice)
{
	struct text name = {0};
	bool is_own;

	add_own_name(ui, save, &name);
	is_own = strcmp(save->path.text, text_str(&name)) == 0;
	save->choice = choice;
	if (is_own)
		set_own_name(ui, save);
	text_done(&name);
}

/* Host names are plain; what is not stays out of a file's name. */
static void make_stem(struct save *save, const struct snapshot *snap)
{
	const char *host = snap->host.name ? snap->host.name : "host";
	time_t taken = (time_t)(snap->taken_ms / 1000);
	struct text stem = {0};
	char when[32] = "";
	struct tm utc;

	text_add(&stem, "clade-");
	for (; *host && stem.len < 60; host++) {
		bool is_plain = (*host >= 'a' && *host <= 'z') || (*host >= 'A' && *host <= 'Z') ||
				(*host >= '0' && *host <= '9') || strchr(".-_", *host);

		text_add_char(&stem, is_plain ? *host : '_');
	}
	if (gmtime_r(&taken, &utc))
		strftime(when, sizeof(when), "-%Y%m%dT%H%M%SZ", &utc);
	text_add(&stem, when);
	snprintf(save->stem, sizeof(save->stem), "%s", text_str(&stem));
	text_done(&stem);
}

/* ---- Writing ---- */

struct sinking {
	struct ui *ui;
	struct save *save;
};

/* Between two handfuls the screen says how far it is, and a key that closes ends it. */
static int look_up(struct sinking *sinking)
{
	const struct ui *ui = sinking->ui;

	return ui->pulse && ui->pulse(ui->pulse_context) ? -ECANCELED : 0;
}

static int show_progress(void *context, size_t done, size_t all)
{
	struct sinking *sinking = context;

	sinking->save->done = done;
	sinking->save->all = all;
	return look_up(sinking);
}

static int sink(void *context, const char *bytes, size_t len)
{
	struct sinking *sinking = context;
	int rc = io_file_write(&sinking->save->file, bytes, len);

	sinking->save->written += len;
	return rc == 0 ? look_up(sinking) : rc;
}

static int open_file(struct ui *ui, struct save *save)
{
	return ui->maker ? io_file_open_by(&save->file, ui->maker, save->path.text)
			 : io_file_open(&save->file, save->path.text, false);
}

static int write_file(struct ui *ui, struct save *save)
{
	const struct export_format *format =
		save->choice == 0 ? export_find("ndjson") : &formats[save->choice - 1];
	struct sinking sinking = {ui, save};
	struct export_config config = {
		.users = ui->users,
		.wanted = save->is_narrowed ? shown_of(ui) : (struct wanted){0},
		.is_redacted = save->is_redacted,
		.progress = show_progress,
		.progress_context = &sinking,
	};
	int rc = open_file(ui, save);

	if (rc != 0)
		return rc;
	rc = (save->choice == 0 ? export_write_packed : export_write)(format, ui->model, &config,
								      sink, &sinking);
	if (rc == 0)
		return io_file_commit(&save->file);
	io_file_drop(&save->file);
	return rc;
}

static void tell(struct ui *ui, const struct save *save, int rc)
{
	char size[UNITS_LEN];
	struct text path = {0};

	safe_add(&path, save->path.text, save->path.len);
	if (rc == 0)
		ui_say(ui, false, "written: %s, %s", text_str(&path),
		       units_bytes(size, save->written));
	else if (rc == -EEXIST)
		ui_say(ui, true, "%s is there already; choose another name", text_str(&path));
	else if (rc == -ECANCELED)
		ui_say(ui, true, "not written: ended by a key");
	else if (rc == -EACCES && ui->maker)
		ui_say(ui, true, "%s: read-only mode writes into its directory only",
		       text_str(&path));
	else
		ui_say(ui, true, "%s: %s", text_str(&path), strerror(-rc));
	text_done(&path);
}

/* The work, once the screen says that it is done. What failed is asked for again. */
static int step_save(struct ui *ui)
{
	struct save *save = ui->dialogue_state;
	int rc;

	if (!save->is_writing)
		return -1;
	save->written = 0;
	save->done = 0;
	rc = write_file(ui, save);
	save->is_writing = false;
	tell(ui, save, rc);
	if (rc == 0)
		dialogue_close(ui);
	return -1;
}

/* ---- The dialogue ---- */

static bool is_writing(const struct ui *ui)
{
	const struct save *save = ui->dialogue_state;

	return save->is_writing;
}

static void handle_save(struct ui *ui, const struct event *event)
{
	struct save *save = ui->dialogue_state;
	uint32_t key = dialogue_event_key(event);
	int clicked = event->row - places_of(ui).choices;
	size_t n = count_choices();

	if (save->is_writing) { /* only a key that closes comes here then */
		save->is_writing = false;
		tell(ui, save, -ECANCELED);
		return;
	}
	if (event->type == EVENT_CLICK && clicked >= 0 && (size_t)clicked < n) {
		choose(ui, save, (size_t)clicked);
		return;
	}
	switch (key) {
	case KEY_CODE_ESCAPE:
	case KEY_CODE_F10:
		dialogue_close(ui);
		break;
	case KEY_CODE_UP:
	case KEY_CODE_DOWN:
		choose(ui, save, dialogue_move(key, save->choice, n, n));
		break;
	case KEY_CODE_F2:
		save->is_redacted = !save->is_redacted;
		break;
	case KEY_CODE_F3:
		save->is_narrowed = !save->is_narrowed && is_filtered(ui);
		break;
	case KEY_CODE_ENTER:
		save->is_writing = save->path.len > 0;
		break;
	default:
		input_take(&save->path, key);
	}
}

static void draw_choice(const struct ui *ui, const struct save *save, struct cells *cells, int row,
			size_t choice)
{
	bool is_selected = choice == save->choice;
	enum style style = is_selected ? STYLE_DIALOGUE_SELECTED : STYLE_DIALOGUE;
	struct text line = {0};

	text_printf(&line, "%s %-12s %s", is_selected ? ">" : " ", choice_name(choice),
		    choice_summary(choice));
	cells_paint(cells, row, 0, cells->columns, style);
	cells_put_cut(cells, row, MARGIN, cells->columns - MARGIN, style, text_str(&line),
		      ui->is_ascii);
	text_done(&line);
}

static void draw_switch(const struct ui *ui, struct cells *cells, int row, bool is_on,
			const char *what)
{
	struct text line = {0};

	text_printf(&line, "[%c] %s", is_on ? 'x' : ' ', what);
	cells_put_cut(cells, row, MARGIN, cells->columns - MARGIN, STYLE_NORMAL, text_str(&line),
		      ui->is_ascii);
	text_done(&line);
}

static void add_progress(struct text *line, const struct save *save)
{
	char done[UNITS_LEN];
	char all[UNITS_LEN];

	if (save->done == 0)
		text_add(line, "writing …");
	else
		text_printf(line, "writing … %zu%%, %s of %s processes",
			    save->done * 100 / save->all, units_count(done, save->done),
			    units_count(all, save->all));
}

static void draw_save(const struct ui *ui, struct cells *cells, const struct layout *layout)
{
	const struct save *save = ui->dialogue_state;
	struct places places = places_of(ui);
	struct text line = {0};

	(void)layout;
	dialogue_draw_title(cells, "Write what is shown to a file");
	for (size_t choice = 0; choice < count_choices(); choice++)
		draw_choice(ui, save, cells, places.choices + (int)choice, choice);
	draw_switch(ui, cells, places.switches, save->is_redacted,
		    "mask what looks like a secret (F2)");
	if (is_filtered(ui))
		draw_switch(ui, cells, places.switches + 1, save->is_narrowed,
			    "only what the filter leaves (F3)");
	if (!save->is_writing || places.progress > places.to)
		input_draw(&save->path, cells, places.to, "  To: ");
	if (save->is_writing)
		add_progress(&line, save);
	cells_put_cut(cells, places.progress, MARGIN, cells->columns - MARGIN, STYLE_VALUE,
		      text_str(&line), ui->is_ascii);
	text_done(&line);
}

static void close_save(struct ui *ui)
{
	free(ui->dialogue_state);
}

static const struct dialogue_key save_keys[] = {{"Enter", "Write"},  {"Esc", "Close"},
						{"Up/Dn", "Format"}, {"F2", "Mask"},
						{"F3", "Filter"},    {NULL, NULL}};

static const struct dialogue dialogue_save = {
	.handle = handle_save,
	.draw = draw_save,
	.step = step_save,
	.is_working = is_writing,
	.keys = save_keys,
	.close = close_save,
};

void command_save(struct ui *ui)
{
	struct save *save;

	if (!ui->model) {
		ui_say(ui, true, "nothing has been read yet");
		return;
	}
	save = mem_new(1, sizeof(*save));
	make_stem(save, ui->model->snap);
	save->is_narrowed = is_filtered(ui);
	set_own_name(ui, save);
	dialogue_open(ui, &dialogue_save, save);
}
