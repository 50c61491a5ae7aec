/* The terminal UI. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clade/tui.h"
#include "program.h"
#include "settings.h"

/* The console's fonts have hardly any of the marks, whatever the locale says. */
static bool has_few_marks(void)
{
	const char *term = getenv("TERM");

	return term && strcmp(term, "linux") == 0;
}

static const char *why_collector(const struct program *program)
{
	if (program->collector_why.len > 0)
		return text_str(&program->collector_why);
	return strcmp(program->options.collector, "auto") == 0 ? "the quickest that there is"
							       : "it was asked for by its name";
}

/* What the user has to know first; NULL when there is nothing. */
static const char *first_words(const struct program *program, struct text *words)
{
	if (program->n_skipped == 0)
		return NULL;
	if (program->n_skipped == 1)
		text_printf(words, "skipped: %s", text_str(&program->skipped));
	else
		text_printf(words, "%zu lines skipped: %s", program->n_skipped,
			    text_str(&program->skipped));
	return text_str(words);
}

int program_show(struct program *program, bool is_replay)
{
	const struct options *options = &program->options;
	const char *no_color = getenv("NO_COLOR");
	struct text error = {0};
	struct text words = {0};
	int rc = tui_run(
		&(struct tui_config){
			.source = program->source,
			.attributor = program->attributor,
			.users = program->users,
			.thresholds = &program->thresholds,
			.keymap = program->keymap,
			.preferences = &program->preferences,
			.delay_s = options->delay_s,
			.grace_s = options->grace_s,
			.audit = program->audit,
			.theme = options->theme,
			.is_ascii = options->is_ascii || !program->is_utf8 || has_few_marks(),
			.is_mono = options->no_color || (no_color && *no_color),
			.keep = settings_save,
			.keep_context = &program->options,
			.collector = is_replay ? NULL : program->source->kind->name,
			.collector_why = why_collector(program),
			.is_live = !is_replay,
			.is_readonly = program->confine != NULL,
			.maker = program->confine ? confine_maker(program->confine) : NULL,
			.snapshot_dir = options->snapshot_dir,
			.is_replay = is_replay,
			.is_playing = options->is_demo,
			.has_mouse = !options->no_mouse,
			.first_words = first_words(program, &words),
		},
		&error);

	if (rc != 0)
		program_complain(NULL, error.len > 0 ? text_str(&error) : strerror(-rc));
	text_done(&error);
	text_done(&words);
	if (rc == -ENOTTY || rc == -ENOTSUP)
		return EXIT_USAGE;
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}

int run_ui(struct program *program)
{
	return program_show(program, program->options.is_demo);
}
