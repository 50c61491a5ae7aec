#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clade/ini.h"
#include "clade/io.h"

enum { CONFIG_MAX = 1 << 20 };

enum section { SECTION_NONE, SECTION_OPTIONS, SECTION_THRESHOLDS };

struct reading {
	const char *file;
	int line;
	enum section section;
	struct options *options;
	struct thresholds *thresholds;
	settings_complain *complain;
	void *context;
};

static void mistake(void *context, const char *what)
{
	const struct reading *reading = context;
	struct text message = {0};

	text_printf(&message, "%s:%d: %s", reading->file, reading->line, what);
	reading->complain(reading->context, text_str(&message));
	text_done(&message);
}

static void take_section(void *context, const char *name)
{
	struct reading *reading = context;

	reading->section = strcmp(name, "options") == 0      ? SECTION_OPTIONS
			   : strcmp(name, "thresholds") == 0 ? SECTION_THRESHOLDS
							     : SECTION_NONE;
	if (reading->section == SECTION_NONE && *name)
		mistake(reading, "unknown section; there are [options] and [thresholds]");
}

static void take_key(void *context, const char *name, const char *value)
{
	struct reading *reading = context;
	struct text error = {0};
	int rc = 0;

	if (reading->section == SECTION_OPTIONS)
		rc = options_set(reading->options, name, value, &error);
	else if (reading->section == SECTION_THRESHOLDS)
		rc = thresholds_set(reading->thresholds, name, value, &error);
	if (rc != 0)
		mistake(reading, text_str(&error));
	text_done(&error);
}

void settings_parse(const char *file, const char *text, size_t len, struct options *options,
		    struct thresholds *thresholds, settings_complain *complain, void *context)
{
	static const struct ini_events events = {
		.section = take_section, .key = take_key, .mistake = mistake};
	struct reading reading = {
		.file = file,
		.options = options,
		.thresholds = thresholds,
		.complain = complain,
		.context = context,
	};

	ini_read(text, len, &reading.line, &events, &reading);
}

static int read_file(const char *path, struct options *options, struct thresholds *thresholds,
		     settings_complain *complain, void *context)
{
	struct text bytes = {0};
	int rc = io_read_at(AT_FDCWD, path, CONFIG_MAX, &bytes);

	if (rc == 0)
		settings_parse(path, text_str(&bytes), bytes.len, options, thresholds, complain,
			       context);
	text_done(&bytes);
	return rc;
}

int settings_read(struct options *options, struct thresholds *thresholds,
		  settings_complain *complain, void *context)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	struct text path = {0};

	if (options->config)
		return read_file(options->config, options, thresholds, complain, context);
	read_file("/etc/clade/clade.conf", options, thresholds, complain, context);
	if (config && *config == '/')
		text_printf(&path, "%s/clade/clade.conf", config);
	else if (home && *home == '/')
		text_printf(&path, "%s/.config/clade/clade.conf", home);
	if (path.len > 0)
		read_file(text_str(&path), options, thresholds, complain, context);
	text_done(&path);
	return 0;
}
