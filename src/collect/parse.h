/*
 * Objects of JSON as a snapshot's parts, for whole documents and for single lines. What an object
 * does not say stays as it was in what is handed in: so a line can tell of a change. null is
 * unknown.
 */
#ifndef CLADE_PARSE_H
#define CLADE_PARSE_H

#include <jansson.h>

#include "clade/recorded.h"
#include "clade/snapshot.h"
#include "clade/text.h"
#include "facts.h"
#include "strings.h"

const char *parse_get_string(const json_t *object, const char *key); /* or NULL */
uint64_t parse_get_uint(const json_t *object, const char *key);      /* or UNKNOWN */

/* "2026-11-24T12:17:17.560Z" (RFC 3339) in ms since the epoch; UNKNOWN when it is no time. */
uint64_t parse_time(const char *s);

/* All unknown. */
struct machine parse_no_machine(void);
struct process parse_no_process(void);

/* Strings are kept in `strings`, as are those below. */
void parse_host(const json_t *object, struct strings *strings, struct host *host);
void parse_machine(const json_t *object, struct machine *machine);
void parse_owner(const json_t *object, struct strings *strings, struct recorded_owner *owner);
void parse_cgroup(const json_t *object, struct strings *strings, struct cgroup_use *use);

/* What facts are made of while they are read. */
struct parse_buffers {
	struct text comm, argv, exe, cwd, cgroup, markers, owner;
};

void parse_buffers_done(struct parse_buffers *buffers);

/* An id or another string that may be no UTF-8; NULL when it is not there. `buffer` may hold it. */
const char *parse_bytes(const json_t *object, const char *key, struct text *buffer);

/* `proc->facts` (or NULL) is given back when others take its place. Returns 0; -EINVAL with what is
 * wrong in `error`; or -ENOMEM. */
int parse_process(const json_t *object, struct facts_store *store, struct strings *strings,
		  struct parse_buffers *buffers, struct process *proc,
		  struct recorded_proc *recorded, struct text *error);

#endif
