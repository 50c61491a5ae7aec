/*
 * Finding supervisors, for the files that do: supervisor.c begins it and knows PM2 and those that
 * are just the parent, supervisor_container.c engines of containers, supervisor_systemd.c systemd.
 */
#ifndef CLADE_SUPERVISOR_PARTS_H
#define CLADE_SUPERVISOR_PARTS_H

#include "clade/supervisor.h"
#include "clade/text.h"

/* What is being found. */
struct finding {
	const struct model *model;
	const struct snapshot *snap;
	const struct attribution *attr;
	const char *root;
	struct aside *aside; /* reads environments */
	bool *is_planned;    /* a process each */
	struct supervisors *found;
	size_t size;
	struct text line; /* for building strings */
	bool is_full;     /* no memory left */
};

static inline const struct process *finding_process(const struct finding *finding, int32_t index)
{
	return &finding->snap->procs[index];
}

/* A word for a shell: in quotes unless it needs none. */
void finding_add_word(struct text *out, const char *word);

/* A copy that lives as long as what is found. */
char *finding_keep(struct finding *finding, const char *s);

/* The line that was built, kept; the next begins. */
const char *finding_take_line(struct finding *finding);

/* One more, which everything else is set in. */
struct supervisor *finding_add(struct finding *finding, enum supervisor_kind kind, int32_t owner,
			       const char *name);
void finding_set_process(const struct finding *finding, struct supervisor *item, int32_t proc);

/* "Docker (pid 90)", into the line. */
void finding_begin_sentence(struct finding *finding, const struct supervisor *item);

/* Whether there is a way to tell it. */
void supervisor_check_sockets(struct supervisor *item);

/* Who starts again what these roots stand for, if anybody does. */
void find_container_engine(struct finding *finding, int32_t owner, int32_t root);
void find_systemd_manager(struct finding *finding, int32_t owner, int32_t root);

#endif
