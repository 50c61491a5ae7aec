/*
 * What the formats that are JSON have in common: the objects that say what a machine, an owner, a
 * control group and a process are. The keys and their meanings stand in clade-snapshot(5).
 */
#ifndef CLADE_OBJECTS_H
#define CLADE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clade/jsonw.h"
#include "clade/model.h"
#include "clade/users.h"

enum { SNAPSHOT_VERSION = 1 };

/* A key with its value; what is not known is null. */
void put_string(struct jsonw *json, const char *key, const char *value);
void put_uint(struct jsonw *json, const char *key, uint64_t value);
void put_int(struct jsonw *json, const char *key, int64_t value);
void put_real(struct jsonw *json, const char *key, double value, int decimals);
void put_bool(struct jsonw *json, const char *key, bool value);
void put_time(struct jsonw *json, const char *key, uint64_t epoch_ms); /* RFC 3339, UTC */

/* Any bytes under `key`; when they are no UTF-8, once more as they are in base64. */
void put_bytes(struct jsonw *json, const char *key, const char *value);

/* Under the key "host" and "verdict". */
void put_host(struct jsonw *json, const struct model *model);
void put_verdict(struct jsonw *json, const struct model *model);

/* One object each. What is in one comes from the function of the same name with _keys, for who has
 * more to put into it. */
void put_owner(struct jsonw *json, const struct model *model, int32_t owner);
void put_cgroup_use(struct jsonw *json, const struct cgroup_use *use);
void put_process(struct jsonw *json, const struct model *model, size_t proc,
		 const struct users *users);

/* What happened between two samples; only where snap->has_events. */
void put_lives_keys(struct jsonw *json, const struct snapshot *snap);
void put_host_keys(struct jsonw *json, const struct snapshot *snap);
void put_machine_keys(struct jsonw *json, const struct machine *machine);
void put_verdict_keys(struct jsonw *json, const struct model *model);
void put_owner_keys(struct jsonw *json, const struct model *model, int32_t owner);
void put_cgroup_use_keys(struct jsonw *json, const struct cgroup_use *use);
void put_process_keys(struct jsonw *json, const struct model *model, size_t proc,
		      const struct users *users);

/* Of a process: what it is known by, and what moves all the time. */
void put_identity_keys(struct jsonw *json, const struct process *proc);
void put_moving_keys(struct jsonw *json, const struct process *proc);

#endif
