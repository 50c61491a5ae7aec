/* clade diff */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clade/diff_export.h"
#include "clade/recording.h"
#include "clade/redact.h"
#include "output.h"

/* One side: a moment of a file or of the machine, masked when that was asked for. */
struct side {
	struct attributor *attributor;
	struct source *source; /* NULL: the live machine */
	bool is_borrowed;      /* it is the other side's */
	struct history *history;
	struct moment moment;
	struct redacted *redacted;
	struct selection selection;
};

static const struct model *model_of(const struct side *side)
{
	return side->redacted ? redacted_model(side->redacted) : side->moment.model;
}

static void side_done(struct side *side)
{
	selection_done(&side->selection);
	redacted_free(side->redacted);
	moment_done(&side->moment);
	history_free(side->history);
	attributor_free(side->attributor);
	if (!side->is_borrowed)
		source_close(side->source);
}

/* "-5m", "-90s": so long before the last moment. */
static int parse_back(const char *text, uint64_t last_ms, uint64_t *ms)
{
	static const struct {
		char letter;
		double seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *rest;
	double number = strtod(text, &rest);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (rest == text || rest[0] != units[i].letter || rest[1])
			continue;
		*ms = last_ms + (uint64_t)(int64_t)(number * units[i].seconds * 1000);
		return 0;
	}
	return -EINVAL;
}

/* A time of the day, which is that of the last moment, or a whole date, as the clock on the wall
 * has it; with a Z, in UTC. */
static int parse_clock(const char *text, uint64_t last_ms, uint64_t *ms)
{
	static const char *const formats_of_time[] = {
		"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
		"%Y-%m-%d %H:%M",     "%H:%M:%S",          "%H:%M",
	};
	time_t last = (time_t)(last_ms / 1000);

	for (size_t i = 0; i < sizeof(formats_of_time) / sizeof(formats_of_time[0]); i++) {
		bool is_utc = i == 0;
		struct tm when;
		const char *end;

		if (!(is_utc ? gmtime_r(&last, &when) : localtime_r(&last, &when)))
			return -EINVAL;
		when.tm_sec = 0;
		end = strptime(text, formats_of_time[i], &when);
		if (!end || *end)
			continue;
		when.tm_isdst = -1;
		*ms = (uint64_t)(is_utc ? timegm(&when) : mktime(&when)) * 1000;
		return 0;
	}
	return -EINVAL;
}

/* Seeks the moment that is meant: a time, or the first or last one. */
static int seek(struct source *source, const char *time, bool is_first)
{
	size_t last = recording_count(source) - 1;
	uint64_t last_ms = recording_get(source, last)->taken_ms;
	uint64_t ms;

	if (!time) {
		recording_seek(source, is_first ? 0 : last);
		return 0;
	}
	if ((time[0] == '-' ? parse_back : parse_clock)(time, last_ms, &ms) != 0)
		return -EINVAL;
	recording_seek(source, recording_find(source, ms));
	return 0;
}

static int complain(const char *what, const char *why)
{
	struct text message = {0};

	text_printf(&message, "%s: %s", what, why);
	program_complain(NULL, text_str(&message));
	text_done(&message);
	return EXIT_FAILED;
}

static int open_file(struct side *side, const char *path)
{
	struct text error = {0};
	int rc = recording_open(path, &side->source, &error);
	int status = rc == 0 ? EXIT_OK
			     : complain(path, error.len > 0 ? text_str(&error) : strerror(-rc));

	if (rc == 0)
		recording_wait(side->source);
	text_done(&error);
	return status;
}

static int read_file(struct side *side, const struct program *program, const char *path,
		     const char *time, bool is_first)
{
	struct snapshot *snap;
	int rc = seek(side->source, time, is_first);

	if (rc != 0) {
		complain(time, "a time is 14:10, 14:10:30, 2026-11-24T14:10:30Z or -5m");
		return EXIT_USAGE;
	}
	side->attributor = attributor_new(&(struct attributor_config){
		.rules = program->rules,
		.users = program->users,
		.use_recorded = true,
	});
	rc = source_sample(side->source, NULL, &snap);
	if (rc == 0)
		rc = moment_make(side->attributor, side->history, snap, &side->moment);
	return rc == 0 ? EXIT_OK : program_fail(path, rc);
}

static int read_machine(struct side *side, const struct program *program)
{
	int rc = program_watch(program, side->history, &side->moment);

	return rc == 0 ? EXIT_OK : program_fail("reading the processes", rc);
}

static void select_of(struct side *side, const struct export_config *config)
{
	if (config->is_redacted)
		side->redacted = redacted_new(side->moment.model);
	selection_make(&side->selection, model_of(side), &config->wanted);
}

static int write_diff(const struct program *program, struct side *before, struct side *after)
{
	bool is_json = strcmp(program->options.format->name, "json") == 0;
	struct query *filter;
	struct export_config config = output_config(program, &filter);
	struct output output;
	struct difference diff;
	int status = output_open(&output, program);

	select_of(before, &config);
	select_of(after, &config);
	if (status == EXIT_OK) {
		diff_make(&diff, model_of(before), &before->selection, model_of(after),
			  &after->selection);
		status = output_close(&output, (is_json ? diff_write_json : diff_write_text)(
						       &diff, &config, output_take, &output));
		diff_done(&diff);
	}
	query_free(filter);
	return status;
}

/* A recording is compared with itself, a single snapshot with the machine as it is now. */
static int read_sides(const struct program *program, struct side *before, struct side *after)
{
	const struct options *options = &program->options;
	const char *path = options->words[options->n_words - 1];
	bool is_one = options->n_words == 1;
	int status = open_file(before, options->words[0]);
	bool is_live;

	if (status != EXIT_OK)
		return status;
	is_live = is_one && recording_count(before->source) == 1;
	status = read_file(before, program, options->words[0], options->from, is_one);
	if (status != EXIT_OK)
		return status;
	if (is_live)
		return read_machine(after, program);
	/* standard input can be opened only once */
	after->is_borrowed = is_one;
	if (is_one)
		after->source = before->source;
	else
		status = open_file(after, path);
	return status == EXIT_OK ? read_file(after, program, path, options->to, false) : status;
}

int run_diff(struct program *program)
{
	const char *format = program->options.format->name;
	struct side before = {.history = history_new(&program->thresholds)};
	struct side after = {.history = history_new(&program->thresholds)};
	int status;

	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0) {
		program_complain(NULL, "a difference is written as text or json");
		status = EXIT_USAGE;
	} else {
		status = read_sides(program, &before, &after);
	}
	if (status == EXIT_OK)
		status = write_diff(program, &before, &after);
	side_done(&before);
	side_done(&after);
	return status;
}
