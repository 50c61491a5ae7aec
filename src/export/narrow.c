#include "narrow.h"

#include <assert.h>

#include "objects.h"

/* Without these nobody could tell what a record is of, and it could not be opened again. */
static const char *const identity_keys[] = {"type", "id", "pid", "start_ticks", "owner"};

/* The keys that a column stands for; what has no column goes when columns are chosen. */
/* clang-format off */
static const struct {
	enum column_id column;
	const char *key;
} column_keys[] = {
	{COLUMN_PID, "root_pid"},
	{COLUMN_PPID, "ppid"},
	{COLUMN_USER, "uid"}, {COLUMN_USER, "user"},
	{COLUMN_STATE, "state"},
	{COLUMN_KIND, "kind"}, {COLUMN_KIND, "product"}, {COLUMN_KIND, "label"},
	{COLUMN_PROCS, "processes"},
	{COLUMN_THREADS, "threads"},
	{COLUMN_BIRTHS, "births_per_s"},
	{COLUMN_DEATHS, "deaths_per_s"},
	{COLUMN_GROWTH60, "growth_per_min"},
	{COLUMN_ZOMBIES, "zombies"},
	{COLUMN_ORPHANS, "orphans"}, {COLUMN_ORPHANS, "orphan"},
	{COLUMN_BLOCKED, "blocked"},
	{COLUMN_CPU, "cpu_percent"}, {COLUMN_CPU, "cpu_ticks"}, {COLUMN_CPU_SELF, "cpu_percent"},
	{COLUMN_MEMORY, "rss_bytes"}, {COLUMN_MEMORY_SELF, "rss_bytes"},
	{COLUMN_LIMIT, "pids"}, {COLUMN_LIMIT, "memory"},
	{COLUMN_READ, "io_read_bytes"}, {COLUMN_READ, "io_read_per_s"},
	{COLUMN_WRITE, "io_write_bytes"}, {COLUMN_WRITE, "io_write_per_s"},
	{COLUMN_AGE, "age_s"}, {COLUMN_AGE, "since"}, {COLUMN_START, "since"},
	{COLUMN_BADGES, "badges"},
	{COLUMN_EXE, "exe"}, {COLUMN_EXE, "exe_deleted"},
	{COLUMN_CWD, "cwd"},
	{COLUMN_WHY, "evidence"},
	{COLUMN_NAME, "name"}, {COLUMN_NAME, "comm"}, {COLUMN_NAME, "argv"}, {COLUMN_NAME, "title"},
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static_assert(COUNT(identity_keys) + COUNT(column_keys) < RECORD_KEYS_MAX, "keys have room");

const char *const *record_keys(const char *keys[RECORD_KEYS_MAX],
			       const struct export_config *config)
{
	size_t n = 0;

	if (config->n_columns == 0)
		return NULL;
	for (size_t i = 0; i < COUNT(identity_keys); i++)
		keys[n++] = identity_keys[i];
	for (size_t i = 0; i < COUNT(column_keys); i++) {
		if (export_has_column(config, column_keys[i].column))
			keys[n++] = column_keys[i].key;
	}
	keys[n] = NULL;
	return keys;
}

void put_narrowed(struct jsonw *json, const struct export_job *job)
{
	const struct model *model = job->model;

	put_bool(json, "redacted", job->config->is_redacted);
	jsonw_key(json, "left_out");
	jsonw_object(json);
	put_uint(json, "owners", model->attr->n_owners - job->selection->n_owners);
	put_uint(json, "processes", model->snap->n_procs - job->selection->n_procs);
	jsonw_object_end(json);
}
