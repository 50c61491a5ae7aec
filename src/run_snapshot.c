/* clade snapshot */
#include "clade/samples.h"
#include "output.h"

static int write_snapshot(const struct program *program, const struct model *model,
			  struct output *output)
{
	struct query *filter;
	struct export_config config = output_config(program, &filter);
	int rc;

	if (!output_has_owners(&program->options, model)) {
		output_drop(output);
		query_free(filter);
		return EXIT_FAILED;
	}
	rc = output_is_packed(output)
		     ? export_write_packed(program->options.format, model, &config, output_take,
					   output)
		     : export_write(program->options.format, model, &config, output_take, output);
	query_free(filter);
	return output_close(output, rc);
}

int run_snapshot(struct program *program)
{
	struct history *history;
	struct moment now = {0};
	struct output output;
	int status = output_open(&output, program);
	int rc;

	/* a file that cannot be written is told before long watching, not after it */
	if (status != EXIT_OK)
		return status;
	history = history_new(&program->thresholds);
	rc = program_watch(program, history, &now);
	if (rc == 0) {
		status = write_snapshot(program, now.model, &output);
	} else {
		output_drop(&output);
		status = program_fail("reading the processes", rc);
	}
	moment_done(&now);
	history_free(history);
	return status;
}
