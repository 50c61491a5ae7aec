#include "readonly.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "clade/ini.h"
#include "clade/io.h"

enum { SETTINGS_MAX = 1 << 20 };

static const char CALLED[] = "clade-ro";

static void raise_to(enum readonly *level, enum readonly other)
{
	if (other > *level)
		*level = other;
}

int readonly_parse(const char *value, enum readonly *level, struct text *error)
{
	if (strcmp(value, "yes") == 0) {
		raise_to(level, READONLY_STRICT);
	} else if (strcmp(value, "best-effort") == 0) {
		raise_to(level, READONLY_BEST_EFFORT);
	} else if (strcmp(value, "no") != 0) {
		text_printf(error, "readonly is yes, no or best-effort, not '%.40s'", value);
		return -EINVAL;
	}
	return 0;
}

/* What is being read of a configuration. */
struct reading {
	bool in_options;
	enum readonly level;
};

static void take_section(void *context, const char *name)
{
	struct reading *reading = context;

	reading->in_options = strcmp(name, "options") == 0;
}

/* A value that is none means that somebody wanted something: better too much than too little. */
static void take_key(void *context, const char *name, const char *value)
{
	struct reading *reading = context;
	struct text error = {0};

	if (reading->in_options && strcmp(name, "readonly") == 0 &&
	    readonly_parse(value, &reading->level, &error) != 0)
		reading->level = READONLY_STRICT;
	text_done(&error);
}

/* Mistakes are told by settings_read(). */
static void take_mistake(void *context, const char *what)
{
	(void)context;
	(void)what;
}

enum readonly readonly_of_settings(const char *text, size_t len)
{
	static const struct ini_events events = {
		.section = take_section, .key = take_key, .mistake = take_mistake};
	struct reading reading = {0};
	int line;

	ini_read(text, len, &line, &events, &reading);
	return reading.level;
}

static enum readonly of_environment(void)
{
	const char *value = getenv("CLADE_READONLY");

	if (!value || !*value || strcmp(value, "0") == 0 || strcmp(value, "no") == 0)
		return READONLY_NO;
	return strcmp(value, "best-effort") == 0 ? READONLY_BEST_EFFORT : READONLY_STRICT;
}

/* "/usr/bin/clade-ro", or "-clade-ro" as a login shell is called. */
static bool is_called_readonly(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *name = slash ? slash + 1 : path;

	return name && strcmp(name + (*name == '-'), CALLED) == 0;
}

enum readonly readonly_imposed(const char *argv0, const char *settings)
{
	struct text bytes = {0};
	enum readonly level = of_environment();
	int rc = io_read_at(AT_FDCWD, settings, SETTINGS_MAX, &bytes);

	if (rc == 0)
		raise_to(&level, readonly_of_settings(text_str(&bytes), bytes.len));
	else if (rc != -ENOENT && rc != -ENOTDIR)
		level = READONLY_STRICT;
	text_done(&bytes);
	/* argv[0] is whatever the caller likes, the kernel knows the path */
	if (is_called_readonly(argv0) || is_called_readonly((const char *)getauxval(AT_EXECFN)))
		level = READONLY_STRICT;
	return level;
}

bool readonly_is_elevated(void)
{
	const char *uid = getenv("SUDO_UID");

	return getauxval(AT_SECURE) || (geteuid() == 0 && uid && strcmp(uid, "0") != 0);
}
