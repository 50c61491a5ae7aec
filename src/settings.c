#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clade/ini.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "clade/safe.h"

enum { CONFIG_MAX = 1 << 20 };

/* Sets one key of a section. Returns 0, or -EINVAL with a sentence in `error`. */
typedef int set_key(const struct settings *settings, const char *name, const char *value,
		    struct text *error);

static int set_option(const struct settings *settings, const char *name, const char *value,
		      struct text *error)
{
	return options_set(settings->options, name, value, error);
}

static int set_threshold(const struct settings *settings, const char *name, const char *value,
			 struct text *error)
{
	return thresholds_set(settings->thresholds, name, value, error);
}

static int set_keys(const struct settings *settings, const char *name, const char *value,
		    struct text *error)
{
	return keymap_set(settings->keymap, name, value, error);
}

static int set_screen(const struct settings *settings, const char *name, const char *value,
		      struct text *error)
{
	return preferences_set(settings->preferences, name, value, error);
}

/* Nobody else's file says it: who may become root by sudo could send the audit elsewhere. */
static int set_audit(const struct settings *settings, const char *name, const char *value,
		     struct text *error)
{
	if (strcmp(name, "file") != 0)
		text_printf(error, "unknown key '%.40s'; [audit] has file", name);
	else if (!settings->audit)
		text_add(error, "[audit] counts in " SETTINGS_SYSTEM " alone");
	else if (*value != '/')
		text_printf(error, "file is a path from / on, not '%.200s'", value);
	if (error->len > 0)
		return -EINVAL;
	free(*settings->audit);
	*settings->audit = mem_strdup(value);
	return 0;
}

static const struct section {
	const char *name;
	set_key *set;
} sections[] = {
	{"options", set_option}, {"thresholds", set_threshold}, {"keys", set_keys},
	{"screen", set_screen},  {"audit", set_audit},
};

enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

struct reading {
	const char *file;
	int line;
	const struct section *section; /* NULL: what is in it is skipped */
	const struct settings *settings;
	bool is_only_audit; /* all else is skipped, mistakes too */
	settings_complain *complain;
	void *context;
};

static void mistake(void *context, const char *what)
{
	const struct reading *reading = context;
	struct text message = {0};

	if (reading->is_only_audit)
		return;
	text_printf(&message, "%s:%d: ", reading->file, reading->line);
	safe_add(&message, what, strlen(what));
	reading->complain(reading->context, text_str(&message));
	text_done(&message);
}

static void take_section(void *context, const char *name)
{
	struct reading *reading = context;
	struct text message = {0};

	reading->section = NULL;
	for (size_t i = 0; i < SECTIONS; i++) {
		if (strcmp(sections[i].name, name) == 0)
			reading->section = &sections[i];
	}
	if (reading->section || !*name)
		return;
	text_add(&message, "unknown section; there are");
	for (size_t i = 0; i < SECTIONS; i++)
		text_printf(&message, " [%s]", sections[i].name);
	mistake(reading, text_str(&message));
	text_done(&message);
}

static void take_key(void *context, const char *name, const char *value)
{
	struct reading *reading = context;
	struct text error = {0};

	if (reading->section && (!reading->is_only_audit || reading->section->set == set_audit) &&
	    reading->section->set(reading->settings, name, value, &error) != 0)
		mistake(reading, text_str(&error));
	text_done(&error);
}

static void parse(struct reading *reading, const char *text, size_t len)
{
	static const struct ini_events events = {
		.section = take_section, .key = take_key, .mistake = mistake};

	ini_read(text, len, &reading->line, &events, reading);
}

void settings_parse(const char *file, const char *text, size_t len, const struct settings *settings,
		    settings_complain *complain, void *context)
{
	parse(&(struct reading){.file = file,
				.settings = settings,
				.complain = complain,
				.context = context},
	      text, len);
}

static int read_file(struct reading *reading)
{
	struct text bytes = {0};
	int rc = io_read_at(AT_FDCWD, reading->file, CONFIG_MAX, &bytes);

	if (rc == 0)
		parse(reading, text_str(&bytes), bytes.len);
	text_done(&bytes);
	return rc;
}

/* The user's own file; nothing when there is no home. */
static void add_own_path(struct text *path)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config && *config == '/')
		text_printf(path, "%s/clade/clade.conf", config);
	else if (home && *home == '/')
		text_printf(path, "%s/.config/clade/clade.conf", home);
}

int settings_read(const struct settings *settings, settings_complain *complain, void *context)
{
	const char *config = settings->options->config;
	struct settings own = *settings;
	struct text path = {0};
	int rc = 0;

	own.audit = NULL;
	read_file(&(struct reading){.file = SETTINGS_SYSTEM,
				    .settings = settings,
				    .is_only_audit = config != NULL,
				    .complain = complain,
				    .context = context});
	if (config)
		text_add(&path, config);
	else
		add_own_path(&path);
	if (path.len > 0)
		rc = read_file(&(struct reading){.file = text_str(&path),
						 .settings = &own,
						 .complain = complain,
						 .context = context});
	text_done(&path);
	return config ? rc : 0;
}

/* The directories that a file is to lie in. */
static void make_directories(const char *path)
{
	struct text part = {0};

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		text_clear(&part);
		text_add_bytes(&part, path, (size_t)(slash - path));
		mkdir(text_str(&part), 0777); /* what is wrong is said when the file is written */
	}
	text_done(&part);
}

/* Writes over a file, through links to it and with the rights it had. */
static int replace_file(const char *path, const struct text *contents)
{
	char *real = realpath(path, NULL);
	const char *target = real ? real : path;
	struct stat st;
	bool was_there = stat(target, &st) == 0;
	int rc = io_write_file(target, text_str(contents), contents->len, true);

	if (rc == 0)
		rc = chmod(target, was_there ? st.st_mode & 0777 : 0644) == 0 ? 0 : -errno;
	free(real);
	return rc;
}

int settings_save(void *context, const struct setting *settings, size_t n, struct text *path)
{
	const struct options *options = context;
	struct text file = {0};
	int rc;

	if (options->config)
		text_add(path, options->config);
	else
		add_own_path(path);
	if (path->len == 0)
		return -ENOENT;
	rc = io_read_at(AT_FDCWD, text_str(path), CONFIG_MAX, &file);
	if (rc != 0 && rc != -ENOENT)
		return rc;
	if (rc == -ENOENT)
		make_directories(text_str(path));
	if (file.len == CONFIG_MAX) {
		text_done(&file);
		return -EFBIG;
	}
	for (size_t i = 0; i < n; i++)
		ini_set(&file, settings[i].section, settings[i].name, settings[i].value);
	rc = replace_file(text_str(path), &file);
	text_done(&file);
	return rc;
}
