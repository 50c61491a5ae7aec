#include "restart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clade/ini.h"
#include "clade/io.h"

enum { FILE_MAX = 1 << 20 };

enum restart restart_parse_docker(const char *json, size_t len, struct text *name)
{
	json_t *document = json_loadb(json, len, 0, NULL);
	const char *policy = NULL;

	text_clear(name);
	json_unpack(document, "{s:{s:s}}", "RestartPolicy", "Name", &policy);
	if (policy)
		text_add(name, *policy ? policy : "no");
	json_decref(document);
	if (name->len == 0)
		return RESTART_UNKNOWN;
	return strcmp(text_str(name), "no") == 0 ? RESTART_NO : RESTART_YES;
}

struct reading {
	bool in_service;
	struct text *value;
};

static void take_section(void *context, const char *name)
{
	struct reading *reading = context;

	reading->in_service = strcmp(name, "Service") == 0;
}

static void take_key(void *context, const char *name, const char *value)
{
	struct reading *reading = context;

	if (!reading->in_service || strcmp(name, "Restart") != 0)
		return;
	text_clear(reading->value);
	text_add(reading->value, *value ? value : "no");
}

static void take_mistake(void *context, const char *what)
{
	(void)context;
	(void)what;
}

void restart_parse_unit(const char *ini, size_t len, struct text *value)
{
	static const struct ini_events events = {
		.section = take_section, .key = take_key, .mistake = take_mistake};
	struct reading reading = {.value = value};
	int line;

	ini_read(ini, len, &line, &events, &reading);
}

enum restart restart_read_docker(const char *directory, const char *id, struct text *name)
{
	struct text path = {0};
	struct text bytes = {0};
	enum restart restart = RESTART_UNKNOWN;

	text_printf(&path, "%s/containers/%s/hostconfig.json", directory, id);
	text_clear(name);
	if (io_read_at(AT_FDCWD, text_str(&path), FILE_MAX, &bytes) == 0)
		restart = restart_parse_docker(text_str(&bytes), bytes.len, name);
	text_done(&bytes);
	text_done(&path);
	return restart;
}

static bool read_unit(const char *path, struct text *value)
{
	struct text bytes = {0};
	bool is_there = io_read_at(AT_FDCWD, path, FILE_MAX, &bytes) == 0;

	if (is_there)
		restart_parse_unit(text_str(&bytes), bytes.len, value);
	text_done(&bytes);
	return is_there;
}

static int is_drop_in(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

static void read_drop_ins(const char *directory, struct text *value)
{
	struct dirent **names;
	int n = scandir(directory, &names, is_drop_in, alphasort);

	for (int i = 0; i < n; i++) {
		struct text path = {0};

		text_printf(&path, "%s/%s", directory, names[i]->d_name);
		read_unit(text_str(&path), value);
		text_done(&path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* Where systemd looks, what wins first; "~" is the user's home. */
static const char *const system_places[] = {
	"/etc/systemd/system",           "/run/systemd/system",
	"/run/systemd/transient",        "/run/systemd/generator",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system",           NULL,
};
static const char *const user_places[] = {
	"~/.config/systemd/user",      "/etc/systemd/user",
	"/run/systemd/user",           "~/.local/share/systemd/user",
	"/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
	"/lib/systemd/user",           NULL,
};

static void add_place(struct text *path, const char *root, const char *home, const char *place)
{
	text_clear(path);
	if (*place == '~')
		text_printf(path, "%s%s", home, place + 1);
	else
		text_printf(path, "%s%s", root, place);
}

/* worker@3.service -> worker@.service */
static void add_template(struct text *out, const char *unit)
{
	const char *at = strchr(unit, '@');
	const char *dot = strrchr(unit, '.');

	text_clear(out);
	if (at && dot && at < dot) {
		text_add_bytes(out, unit, (size_t)(at - unit) + 1);
		text_add(out, dot);
	}
}

/* The first file of that name, then its drop-ins in all places, the strongest last. */
static bool read_named(const char *root, const char *home, const char *unit, struct text *value)
{
	const char *const *places = home ? user_places : system_places;
	struct text path = {0};
	bool is_there = false;
	size_t n = 0;

	while (places[n])
		n++;
	for (size_t i = 0; i < n && !is_there; i++) {
		add_place(&path, root, home, places[i]);
		text_printf(&path, "/%s", unit);
		is_there = read_unit(text_str(&path), value);
	}
	for (size_t i = n; i > 0; i--) {
		add_place(&path, root, home, places[i - 1]);
		text_printf(&path, "/%s.d", unit);
		read_drop_ins(text_str(&path), value);
	}
	text_done(&path);
	return is_there;
}

enum restart restart_read_unit(const char *root, const char *home, const char *unit,
			       struct text *value)
{
	struct text template = {0};
	bool is_there = false;

	text_clear(value);
	add_template(&template, unit);
	if (template.len > 0)
		is_there = read_named(root, home, text_str(&template), value);
	if (read_named(root, home, unit, value))
		is_there = true;
	text_done(&template);
	if (!is_there)
		return RESTART_UNKNOWN;
	if (value->len == 0)
		text_add(value, "no");
	return strcmp(text_str(value), "no") == 0 ? RESTART_NO : RESTART_YES;
}
