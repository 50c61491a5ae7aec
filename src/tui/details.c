/* Pages of text: help, all about a row, the markers of its environment. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "clade/inspect.h"
#include "clade/safe.h"
#include "commands.h"
#include "ui.h"

static void add_field(struct text *page, const char *label, const char *value)
{
	text_printf(page, "%-12s  ", label);
	if (value)
		safe_add(page, value, strlen(value));
	else
		text_add_char(page, '-');
	text_add_char(page, '\n');
}

void command_help(struct ui *ui)
{
	text_clear(&ui->page);
	text_add(&ui->page, "clade shows every process under the thing that owns it.\n\n");
	keymap_add_help(&ui->page, ui->keymap);
	text_printf(
		&ui->page,
		"\nSigns: %s zombie, %s orphan (no longer below its owner's root), %s opens, "
		"%s is open.\n"
		"CPU: %s user, %s system, %s waits for I/O, %s stolen by other virtual machines.\n"
		"State: R running, S sleeping, D uninterruptible, Z zombie, T stopped, I idle "
		"kernel thread.\n"
		"Figures of a row are those of everything below it too. - means unknown.\n\n",
		ui->is_ascii ? "x" : "✗", ui->is_ascii ? "o" : "○", ui->is_ascii ? "+" : "▸",
		ui->is_ascii ? "-" : "▾", ui->is_ascii ? "u" : "■", ui->is_ascii ? "s" : "▪",
		ui->is_ascii ? "w" : "□", ui->is_ascii ? "t" : "▫");
	for (size_t i = 0; i < COLUMNS_N; i++)
		text_printf(&ui->page, "%-7s  %s\n", columns[i].title, columns[i].help);
	page_open(ui, "Help");
}

/* container docker web > agent claude-code api */
static void add_path(struct text *page, const struct model *model, int32_t at)
{
	const struct owner *owner = &model->attr->owners[at];

	if (owner->parent != NO_OWNER) {
		add_path(page, model, owner->parent);
		text_add(page, " > ");
	}
	if (owner->kind != OWNER_NONE && owner->kind != OWNER_KERNEL)
		text_printf(page, "%s %s ", owner_kind_name(owner->kind), owner->product);
	safe_add(page, owner->name, strlen(owner->name));
}

static void add_owner_line(struct text *page, const struct model *model, int32_t at)
{
	text_printf(page, "%-12s  ", "owner");
	add_path(page, model, at);
	text_add_char(page, '\n');
}

/* "1 process", "58,081 processes" */
static void add_many(struct text *page, uint64_t n, const char *one, const char *many)
{
	char number[UNITS_LEN];

	text_printf(page, "%s %s", units_count(number, n), n == 1 ? one : many);
}

static void add_sums(struct text *page, const struct totals *totals)
{
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char c[UNITS_LEN];

	text_printf(page, "%-12s  ", "with below");
	add_many(page, totals->procs, "process", "processes");
	text_add(page, ", ");
	add_many(page, totals->threads, "thread", "threads");
	text_printf(page, ", %s resident\n", units_bytes(c, totals->rss_bytes));
	text_printf(page, "%-12s  %s%% CPU, read %s/s, write %s/s\n", "",
		    units_real(a, totals->cpu_percent), units_bytes_rate(b, totals->io_read_rate),
		    units_bytes_rate(c, totals->io_write_rate));
	text_printf(page, "%-12s  ", "");
	add_many(page, totals->zombies, "zombie", "zombies");
	text_add(page, ", ");
	add_many(page, totals->orphans, "orphan", "orphans");
	text_printf(page, ", %s in state D\n", units_count(a, totals->blocked));
}

/* "+1.2M", "-300K", "-" */
static void add_byte_rate(struct text *page, double per_s)
{
	char buf[UNITS_LEN];

	if (!isnan(per_s))
		text_add(page, per_s > 0 ? "+" : per_s < 0 ? "-" : "");
	text_add(page, units_bytes_rate(buf, fabs(per_s)));
}

static void add_growth(struct text *page, const struct growth *growth)
{
	char a[UNITS_LEN];
	char b[UNITS_LEN];
	char c[UNITS_LEN];

	text_printf(page, "%-12s  born %s/s, died %s/s, net %s/s over 10 s", "growth",
		    units_real(a, growth->births_per_s), units_real(b, growth->deaths_per_s),
		    units_signed(c, growth->procs_10s_per_s));
	text_printf(page, ", net %s/min over 60 s\n",
		    units_signed(a, growth->procs_60s_per_s * 60));
	text_printf(page, "%-12s  memory ", "");
	add_byte_rate(page, growth->rss_10s_per_s);
	text_add(page, "/s over 10 s, ");
	add_byte_rate(page, growth->rss_60s_per_s);
	text_add(page, "/s over 60 s\n");
}

/* How many it had, and how much, from up to ten minutes ago until now. */
static void add_trends(struct ui *ui, const struct group *group)
{
	struct text *page = &ui->page;
	char age[UNITS_LEN];
	char number[UNITS_LEN];

	units_duration(age, (double)(group->n_trend - 1) * TREND_APART_S);
	text_printf(page, "%-12s  ", "trend");
	trend_add(page, group->trend, group->n_trend, TREND_MAX, ui->is_ascii);
	text_add_char(page, ' ');
	add_many(page, group->trend[0], "process", "processes");
	text_printf(page, " %s ago\n", age);
	text_printf(page, "%-12s  ", "");
	trend_add(page, group->trend_kib, group->n_trend, TREND_MAX, ui->is_ascii);
	text_printf(page, " %s %s ago\n", units_bytes(number, (uint64_t)group->trend_kib[0] * 1024),
		    age);
}

static void add_limits(struct text *page, const struct group *group)
{
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	if (is_known(group->pids.max))
		text_printf(page, "%-12s  %s of %s tasks in its control group (%.0f%%)\n", "limits",
			    units_count(a, group->pids.used), units_count(b, group->pids.max),
			    bounded_percent(group->pids));
	if (is_known(group->memory.max))
		text_printf(page, "%-12s  %s of %s memory (%.0f%%)\n",
			    is_known(group->pids.max) ? "" : "limits",
			    units_bytes(a, group->memory.used), units_bytes(b, group->memory.max),
			    bounded_percent(group->memory));
	if (is_known(group->oom_kills) && group->oom_kills > 0)
		text_printf(page, "%-12s  %s since its control group was made\n", "OOM kills",
			    units_count(a, group->oom_kills));
}

/* A session that is not seen to end was still there when it last wrote. */
static void add_last_write(struct ui *ui, const struct owner *owner)
{
	uint64_t written_ms =
		ui->is_live && owner->file ? inspect_written_ms(owner->file) : UNKNOWN;
	uint64_t now_ms = ui->model->snap->taken_ms;
	char age[UNITS_LEN];

	if (is_known(written_ms) && written_ms <= now_ms)
		text_printf(&ui->page, ", its session file was last written %s ago",
			    units_duration(age, (double)(now_ms - written_ms) / 1000));
}

/* When its root went, as far as we have seen it go, and what it left. */
static void add_ended(struct ui *ui, int32_t at)
{
	const struct model *model = ui->model;
	struct text *page = &ui->page;
	const struct group *group = &model->groups[at];
	char age[UNITS_LEN];

	if (!model->attr->owners[at].is_ended) {
		add_field(page, "root", "none");
		return;
	}
	text_printf(page, "%-12s  gone", "root");
	if (is_known(group->ended_ms))
		text_printf(page, ", %s ago",
			    units_duration(age, (double)(model->snap->taken_ms - group->ended_ms) /
							1000));
	else
		text_add(page, " before clade looked");
	add_last_write(ui, &model->attr->owners[at]);
	text_add(page, "; what it left: ");
	add_many(page, group->own.procs, "process", "processes");
	text_add_char(page, '\n');
}

static void details_owner(struct ui *ui, int32_t at)
{
	const struct model *model = ui->model;
	const struct owner *owner = &model->attr->owners[at];
	const struct group *group = &model->groups[at];
	struct text *page = &ui->page;
	char when[UNITS_LEN];
	char age[UNITS_LEN];
	struct text badges = {0};

	add_owner_line(page, model, at);
	add_field(page, "why", owner->evidence);
	add_field(page, "id", owner->id);
	add_field(page, "product", owner->label);
	add_field(page, "directory", owner->cwd);
	if (owner->file)
		add_field(page, "session file", owner->file);
	if (owner->status)
		add_field(page, "status", owner->status);
	if (owner->started_by)
		add_field(page, "started by", owner->started_by);
	if (owner->root != NO_PROC)
		text_printf(page, "%-12s  pid %d, %" PRIu32 " living\n", "root",
			    model->snap->procs[owner->root].pid, owner->instances);
	else
		add_ended(ui, at);
	text_printf(page, "%-12s  %s", "since", units_time(when, owner->since_ms));
	if (is_known(owner->since_ms) && owner->since_ms <= model->snap->taken_ms)
		text_printf(page, " (%s ago)",
			    units_duration(age, (double)(model->snap->taken_ms - owner->since_ms) /
							1000));
	text_add_char(page, '\n');
	if (is_known(owner->restarts))
		text_printf(page, "%-12s  %" PRIu64 "\n", "restarts", owner->restarts);
	badges_add(&badges, model, at);
	add_field(page, "badges", badges.len > 0 ? text_str(&badges) : NULL);
	text_done(&badges);
	text_add_char(page, '\n');
	add_sums(page, &group->nested);
	text_printf(page, "%-12s  %s of these its own\n", "", units_count(when, group->own.procs));
	add_growth(page, &group->growth);
	if (group->n_trend > 1)
		add_trends(ui, group);
	add_limits(page, group);
}

static const char *state_text(char state)
{
	switch (state) {
	case 'R':
		return "R running";
	case 'S':
		return "S sleeping";
	case 'D':
		return "D uninterruptible: a signal waits until the kernel is done";
	case 'Z':
		return "Z zombie: it has ended, its parent has not taken note; killing it is "
		       "pointless";
	case 'T':
		return "T stopped";
	case 't':
		return "t stopped by a debugger";
	case 'I':
		return "I idle kernel thread";
	default:
		return "unknown";
	}
}

static void add_command_lines(struct text *page, const struct model *model, int32_t at)
{
	const struct process *proc = &model->snap->procs[at];
	const char *title = model->attr->procs[at].title;

	text_printf(page, "%-12s  ", "command");
	process_add_command(proc, page);
	text_add_char(page, '\n');
	if (title)
		add_field(page, "runs", title);
	add_field(page, "name", proc->facts->comm);
	add_field(page, "executable", proc->facts->exe);
	if (proc->facts->is_exe_deleted)
		add_field(page, "", "that file has been replaced or removed since");
	add_field(page, "directory", proc->facts->cwd);
}

static void add_cgroups(struct text *page, const char *cgroup)
{
	const char *label = "cgroup";

	while (cgroup && *cgroup) {
		size_t len = strcspn(cgroup, "\n");

		text_printf(page, "%-12s  ", label);
		safe_add(page, cgroup, len);
		text_add_char(page, '\n');
		cgroup += len + (cgroup[len] == '\n');
		label = "";
	}
}

static void add_limit_value(struct text *page, const struct resource_limit *limit, uint64_t value)
{
	char number[UNITS_LEN];

	if (value == LIMIT_NONE)
		text_add(page, "unlimited");
	else if (strcmp(limit->unit, "bytes") == 0)
		text_add(page, units_bytes(number, value));
	else
		text_add(page, units_count(number, value));
}

/* What has no limit at all needs no line. */
static void add_process_limits(struct text *page, const struct inspection *inspection)
{
	const char *label = "limits";

	for (size_t i = 0; i < inspection->n_limits; i++) {
		const struct resource_limit *limit = &inspection->limits[i];

		if (limit->soft == LIMIT_NONE && limit->hard == LIMIT_NONE)
			continue;
		text_printf(page, "%-12s  %s ", label, limit->name + strlen("Max "));
		add_limit_value(page, limit, limit->soft);
		if (limit->hard != limit->soft) {
			text_add(page, ", at most ");
			add_limit_value(page, limit, limit->hard);
		}
		text_add_char(page, '\n');
		label = "";
	}
}

static void add_open_files(struct text *page, const struct inspection *inspection)
{
	char number[UNITS_LEN];
	const char *comma = ": ";

	text_printf(page, "%-12s  %s", "open files", units_count(number, inspection->n_fds));
	for (int kind = 0; kind < FD_KINDS && is_known(inspection->n_fds); kind++) {
		if (inspection->fds[kind] == 0)
			continue;
		text_printf(page, "%s%s %s", comma, units_count(number, inspection->fds[kind]),
			    fd_kind_name((enum fd_kind)kind));
		comma = ", ";
	}
	text_add_char(page, '\n');
}

/* What is read only of the process that somebody looks at. */
static void add_inspection(struct ui *ui, const struct process *proc)
{
	struct inspection inspection;
	int rc = ui->is_live ? inspect_process(process_key(proc), &inspection) : -ENOTSUP;

	if (rc == -ESRCH)
		add_field(&ui->page, "open files", "it has ended meanwhile");
	else if (rc != 0)
		add_field(&ui->page, "open files", NULL);
	if (rc != 0)
		return;
	add_open_files(&ui->page, &inspection);
	add_process_limits(&ui->page, &inspection);
}

/* Since it started, and now. */
static void add_io(struct text *page, const struct process *proc)
{
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	text_printf(page, "%-12s  read %s, %s/s now; ", "I/O", units_bytes(a, proc->io_read_bytes),
		    units_bytes_rate(b, (double)proc->io_read_rate));
	text_printf(page, "written %s, %s/s now\n", units_bytes(a, proc->io_write_bytes),
		    units_bytes_rate(b, (double)proc->io_write_rate));
}

/* What its control group uses of what it may. */
static void add_cgroup_limits(struct text *page, const struct model *model,
			      const struct process *proc)
{
	const struct cgroup_use *use =
		proc->facts->cgroup ? snapshot_find_cgroup(model->snap, proc->facts->cgroup) : NULL;
	char a[UNITS_LEN];
	char b[UNITS_LEN];

	if (!use)
		return;
	if (is_known(use->pids.max))
		text_printf(page, "%-12s  %s of %s tasks\n", "its limits",
			    units_count(a, use->pids.used), units_count(b, use->pids.max));
	if (is_known(use->memory.max))
		text_printf(page, "%-12s  %s of %s memory\n",
			    is_known(use->pids.max) ? "" : "its limits",
			    units_bytes(a, use->memory.used), units_bytes(b, use->memory.max));
	if (is_known(use->oom_kills) && use->oom_kills > 0)
		text_printf(page, "%-12s  %s since it was made\n", "OOM kills",
			    units_count(a, use->oom_kills));
}

static void details_proc(struct ui *ui, int32_t at)
{
	const struct model *model = ui->model;
	const struct process *proc = &model->snap->procs[at];
	const struct assignment *assignment = &model->attr->procs[at];
	const struct node *node = &model->nodes[at];
	struct totals subtree = node_subtree(model, at);
	struct growth growth = node_growth(model, at);
	const char *user = users_find_name(ui->users, proc->facts->uid);
	struct text *page = &ui->page;
	char age[UNITS_LEN];
	char when[UNITS_LEN];

	add_owner_line(page, model, assignment->owner);
	add_field(page, "why", assignment->evidence);
	if (assignment->is_orphan)
		add_field(page, "orphan", "it is no longer below its owner's root");
	text_add_char(page, '\n');
	text_printf(page, "%-12s  %d, parent %d%s, group %d, session %d\n", "pid", proc->pid,
		    proc->ppid, node->is_parent_unseen ? " (not seen)" : "", proc->pgrp,
		    proc->session);
	add_command_lines(page, model, at);
	add_field(page, "state", state_text(proc->state));
	if (proc->state == 'Z' && node->parent != NO_PROC) {
		text_printf(page, "%-12s  ", "not reaped by");
		process_add_command(&model->snap->procs[node->parent], page);
		text_printf(page, " (%d)\n", model->snap->procs[node->parent].pid);
	}
	if (node_zombies(model, at) > 0) {
		text_printf(page, "%-12s  ", "reaps not");
		add_many(page, node_zombies(model, at), "zombie", "zombies");
		text_add_char(page, '\n');
	}
	if (user)
		add_field(page, "user", user);
	else
		text_printf(page, "%-12s  %" PRIu32 "\n", "user", proc->facts->uid);
	text_printf(page, "%-12s  %s, since %s\n", "age",
		    units_duration(age, snapshot_age_s(model->snap, proc)),
		    units_time(when, snapshot_start_ms(model->snap, proc)));
	text_printf(page, "%-12s  %" PRIu32 ", nice %d\n", "threads", proc->threads, proc->nice);
	add_inspection(ui, proc);
	add_io(page, proc);
	add_cgroups(page, proc->facts->cgroup);
	add_cgroup_limits(page, model, proc);
	text_add_char(page, '\n');
	add_sums(page, &subtree);
	add_growth(page, &growth);
}

/* How many of a bundle are in which state: "58,079 sleeping, 2 running". */
static void add_states(struct text *page, const struct model *model, const int32_t *members,
		       uint32_t n)
{
	static const char states[] = "RSDZTtI";
	uint32_t counts[sizeof(states)] = {0};
	const char *comma = "";
	char number[UNITS_LEN];

	for (uint32_t m = 0; m < n; m++) {
		const char *at = strchr(states, model->snap->procs[members[m]].state);

		counts[at && *at ? (size_t)(at - states) : sizeof(states) - 1]++;
	}
	text_printf(page, "%-12s  ", "states");
	for (size_t i = 0; i < sizeof(states); i++) {
		if (counts[i] == 0)
			continue;
		text_printf(page, "%s%s %c", comma, units_count(number, counts[i]),
			    states[i] ? states[i] : '?');
		comma = ", ";
	}
	text_add_char(page, '\n');
}

static void details_bundle(struct ui *ui, int32_t at)
{
	const struct model *model = ui->model;
	const struct bundle *bundle = &ui->rows.bundles.items[at];
	const int32_t *members = &ui->rows.bundles.members[bundle->first];
	const struct process *oldest = &model->snap->procs[members[0]];
	const struct process *youngest = &model->snap->procs[members[bundle->n - 1]];
	const struct assignment *assignment = &model->attr->procs[members[0]];
	struct text *page = &ui->page;
	char a[UNITS_LEN];

	add_owner_line(page, model, assignment->owner);
	add_field(page, "why", assignment->evidence);
	text_add_char(page, '\n');
	text_printf(page, "%-12s  %s processes that differ by numbers at most\n", "alike",
		    units_count(a, bundle->n));
	if (bundle->key.parent.pid > 0) {
		int32_t parent = snapshot_find(model->snap, bundle->key.parent);

		text_printf(page, "%-12s  ", "children of");
		if (parent != NO_PROC)
			process_add_command(&model->snap->procs[parent], page);
		text_printf(page, " (%d)\n", (int)bundle->key.parent.pid);
	}
	add_command_lines(page, model, members[0]);
	add_states(page, model, members, bundle->n);
	text_printf(page, "%-12s  pid %d, %s old\n", "oldest", oldest->pid,
		    units_duration(a, snapshot_age_s(model->snap, oldest)));
	text_printf(page, "%-12s  pid %d, %s old\n", "youngest", youngest->pid,
		    units_duration(a, snapshot_age_s(model->snap, youngest)));
	text_add_char(page, '\n');
	add_sums(page, &bundle->totals);
	add_growth(page, &bundle->growth);
}

void command_details(struct ui *ui)
{
	static const char *const titles[] = {
		[ROW_OWNER] = "Owner", [ROW_PROC] = "Process", [ROW_BUNDLE] = "Processes alike"};
	const struct row *row = ui_selected(ui);

	if (!row)
		return;
	text_clear(&ui->page);
	switch (row->type) {
	case ROW_OWNER:
		details_owner(ui, row->index);
		break;
	case ROW_PROC:
		details_proc(ui, row->index);
		break;
	case ROW_BUNDLE:
		details_bundle(ui, row->index);
		break;
	}
	page_open(ui, titles[row->type]);
}
