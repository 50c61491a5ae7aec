/* clade check */
#include <string.h>

#include "output.h"

static int say(struct text *line, enum check_status status)
{
	text_add_char(line, '\n');
	return program_write(text_str(line), line->len) == EXIT_OK ? (int)status
								   : (int)CHECK_UNKNOWN;
}

int check_refuse(const char *why)
{
	struct text line = {0};
	int status;

	check_unknown(&line, why);
	status = say(&line, CHECK_UNKNOWN);
	text_done(&line);
	return status;
}

static int check_moment(const struct program *program, const struct model *model)
{
	const struct options *options = &program->options;
	struct query *filter;
	struct export_config config = output_config(program, &filter);
	struct selection selection;
	struct text line = {0};
	int status;

	if (!output_has_owners(options, model)) {
		query_free(filter);
		return check_refuse("an owner that was asked for is not there");
	}
	selection_make(&selection, model, &config.wanted);
	status =
		(int)check_make(&line, model, &selection, &options->limits, options->is_each_owner);
	status = say(&line, (enum check_status)status);
	selection_done(&selection);
	query_free(filter);
	text_done(&line);
	return status;
}

int run_check(struct program *program)
{
	struct history *history;
	struct moment now = {0};
	int status;
	int rc;

	if (!check_has_any(&program->options.limits))
		return check_refuse("no threshold was given: --warn N, --critical N, see clade(1)");
	history = history_new(&program->thresholds);
	rc = program_watch(program, history, &now);
	status = rc == 0 ? check_moment(program, now.model) : check_refuse(strerror(-rc));
	moment_done(&now);
	history_free(history);
	return status;
}
